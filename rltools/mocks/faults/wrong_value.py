"""Observations with a number that must not be there."""

from dataclasses import dataclass
from typing import Any

import gymnasium as gym
import numpy as np

from rltools.mocks.faults.observation_fault import (
    ARRAYS,
    ObservationFault,
    with_number,
)


@dataclass(frozen=True, kw_only=True, repr=False)
class NotANumber(ObservationFault):
    """One number of a float array is NaN.

    Args:
        choice: As for every `ObservationFault`.
        at: As for every `Fault`, as are the other options.
    """

    def can_change(self, space: gym.Space[Any]) -> bool:
        """See `ObservationFault.can_change`."""
        if not isinstance(space, gym.spaces.Box):
            return False
        return space.dtype.kind == "f" and space.low.size > 0

    def change(self, value: Any, space: gym.Space[Any], choice: int) -> Any:
        """See `ObservationFault.change`."""
        return with_number(value, choice % np.size(value), np.nan)


@dataclass(frozen=True, kw_only=True, repr=False)
class OutOfBounds(ObservationFault):
    """One number is above its upper bound, or below the lower one if it has no other.

    Args:
        choice: As for every `ObservationFault`.
        at: As for every `Fault`, as are the other options.
    """

    def can_change(self, space: gym.Space[Any]) -> bool:
        """See `ObservationFault.can_change`."""
        if isinstance(space, gym.spaces.Discrete):
            return True
        return isinstance(space, ARRAYS) and bool(_outside(space)[0].any())

    def change(self, value: Any, space: gym.Space[Any], choice: int) -> Any:
        """See `ObservationFault.change`."""
        if isinstance(space, gym.spaces.Discrete):
            return np.dtype(space.dtype).type(space.start + space.n)
        exists, numbers = _outside(space)
        candidates = np.flatnonzero(exists)
        index = int(candidates[choice % len(candidates)])
        return with_number(value, index, numbers.reshape(-1)[index])


def _outside(space: Any) -> tuple[np.ndarray, np.ndarray]:
    """Where there are numbers outside of the bounds that the dtype has; and which."""
    low, high = _bounds(space)
    dtype = np.dtype(space.dtype)
    if dtype.kind == "b":
        return np.zeros(space.shape, np.bool_), high
    if dtype.kind == "f":
        with np.errstate(over="ignore", invalid="ignore"):  # Infinity is outside, too.
            above = high + np.maximum(np.abs(high), 1)
            below = low - np.maximum(np.abs(low), 1)
        has_above, has_below = np.isfinite(high), np.isfinite(low)
    else:
        limits = np.iinfo(dtype)
        has_above, has_below = high < limits.max, low > limits.min
        # Where the sum wraps around it isn't used.
        above, below = high + dtype.type(1), low - dtype.type(1)
    return has_above | has_below, np.where(has_above, above, below)


def _bounds(space: Any) -> tuple[np.ndarray, np.ndarray]:
    if isinstance(space, gym.spaces.Box):
        return space.low, space.high
    if isinstance(space, gym.spaces.MultiDiscrete):
        last = (space.start + (space.nvec - 1)).astype(space.dtype)
        return space.start.astype(space.dtype), last
    low = np.zeros(space.shape, space.dtype)
    return low, low + np.dtype(space.dtype).type(1)
