"""Observations of a wrong dtype or shape."""

from dataclasses import dataclass
from typing import Any

import gymnasium as gym
import numpy as np

from rltools.mocks.faults.observation_fault import ARRAYS, ObservationFault


@dataclass(frozen=True, kw_only=True, repr=False)
class WrongDtype(ObservationFault):
    """The same numbers in a dtype that can't be cast back without loss.

    That is float64, or complex128 where the space is float64 itself. An element of a
    `Discrete` space becomes a Python float.

    Args:
        choice: As for every `ObservationFault`.
        at: As for every `Fault`, as are the other options.
    """

    def can_change(self, space: gym.Space[Any]) -> bool:
        """See `ObservationFault.can_change`."""
        return isinstance(space, (*ARRAYS, gym.spaces.Discrete))

    def change(self, value: Any, space: gym.Space[Any], choice: int) -> Any:
        """See `ObservationFault.change`."""
        # Another fault may have made an array of it before.
        if isinstance(space, gym.spaces.Discrete) and not np.ndim(value):
            return float(value)
        fits = np.can_cast(np.float64, np.dtype(space.dtype))
        return np.asarray(value).astype(np.complex128 if fits else np.float64)


@dataclass(frozen=True, kw_only=True, repr=False)
class WrongShape(ObservationFault):
    """The same numbers with one more axis of size 1, which broadcasting would hide.

    Args:
        choice: As for every `ObservationFault`.
        at: As for every `Fault`, as are the other options.
    """

    def can_change(self, space: gym.Space[Any]) -> bool:
        """See `ObservationFault.can_change`."""
        return isinstance(space, (*ARRAYS, gym.spaces.Discrete))

    def change(self, value: Any, space: gym.Space[Any], choice: int) -> Any:
        """See `ObservationFault.change`."""
        return np.array(value)[np.newaxis]
