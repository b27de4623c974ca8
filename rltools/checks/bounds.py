"""Elements of a space at its bounds, where rounding and clipping show."""

import copy
from collections.abc import Iterator
from typing import Any, Literal

import gymnasium as gym
import numpy as np
from gymnasium import spaces

Side = Literal["low", "high"]
_FAR = 1e6  # What is not bounded, or farther away than this, ends here.


def varied_elements(space: gym.Space[Any], *, seed: int | None) -> Iterator[Any]:
    """Yield elements of a space without end: lowest, highest, random, and again.

    Args:
        space: Any Gymnasium space. Its own generator is left alone.
        seed: Seed of the random ones.

    Yields:
        New elements of the space.
    """
    own = copy.deepcopy(space)
    own.seed(seed)
    while True:
        yield element_at_bounds(own, "low")
        yield element_at_bounds(own, "high")
        yield own.sample()


def element_at_bounds(space: gym.Space[Any], side: Side) -> Any:
    """Choose the lowest or the highest element of a space.

    Args:
        space: Any Gymnasium space.
        side: Which of the two.

    Returns:
        The element whose numbers are all at their bound, or a million away from zero if
        the bound is farther. Parts that have no bounds are sampled.

    >>> from gymnasium.spaces import Discrete, Tuple
    >>> element_at_bounds(Tuple([Discrete(3), Discrete(2, start=5)]), "high")
    (2, 6)
    """
    if isinstance(space, spaces.Dict):
        return {k: element_at_bounds(part, side) for k, part in space.spaces.items()}
    if isinstance(space, spaces.Tuple):
        return tuple(element_at_bounds(part, side) for part in space.spaces)
    if isinstance(space, spaces.Discrete):
        return int(space.start) + (int(space.n) - 1 if side == "high" else 0)
    if isinstance(space, spaces.MultiDiscrete):
        last = space.start + space.nvec - 1
        return np.array(last if side == "high" else space.start, space.dtype)
    if isinstance(space, spaces.MultiBinary):
        return np.full(space.shape, side == "high", space.dtype)
    if isinstance(space, spaces.Box) and np.dtype(space.dtype).kind in "fiu":
        return _corner(space, side)
    return space.sample()


def _corner(space: spaces.Box, side: Side) -> np.ndarray:
    dtype: np.dtype[Any] = np.dtype(space.dtype)
    limits = np.finfo(dtype) if dtype.kind == "f" else np.iinfo(dtype)
    if side == "high":
        far = dtype.type(min(_FAR, float(limits.max)))
        value = np.maximum(np.minimum(space.high, far), space.low)
    else:
        far = dtype.type(max(-_FAR, float(limits.min)))
        value = np.minimum(np.maximum(space.low, far), space.high)
    return np.array(value, dtype)
