"""Figures that sum up the scores of many episodes."""

from collections.abc import Sequence

import numpy as np


def interquartile_mean(values: Sequence[float]) -> float:
    """Mean without the lowest and the highest quarter of the values.

    Neither a lucky nor an unlucky few count (Agarwal et al., 2021, "Deep Reinforcement
    Learning at the Edge of the Statistical Precipice", arXiv:2108.13264).

    Args:
        values: At least one.
    """
    cut = len(values) // 4
    return float(np.mean(sorted(values)[cut : len(values) - cut]))
