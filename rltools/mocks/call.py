"""The record that `MockAlgorithm` keeps of a call."""

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True, eq=False)
class Call:
    """What one call of a verb was given, as copies; None where it takes no such thing.

    Attributes:
        verb: Name of the verb, such as `"perform"`.
        indices: Indices of the environments, int array of shape [k].
        observ: Observations before the step, batched for k environments.
        action: Actions that `perform` returned or `experience` was given, batched.
        reward: Rewards, float array [k].
        terminated: Whether the episode ended by itself, bool array [k].
        truncated: Whether the episode was cut short, bool array [k].
        next_observ: Observations after the step, batched for k environments.
    """

    verb: str
    indices: np.ndarray
    observ: Any = None
    action: Any = None
    reward: np.ndarray | None = None
    terminated: np.ndarray | None = None
    truncated: np.ndarray | None = None
    next_observ: Any = None
