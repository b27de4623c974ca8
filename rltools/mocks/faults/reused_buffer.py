"""Observations that overwrite the ones before."""

from dataclasses import dataclass
from typing import Any

import gymnasium as gym
import numpy as np

from rltools.errors import InvalidSpaceError
from rltools.mocks.faults.corruption import Corruption, Info
from rltools.mocks.faults.firing import Firing
from rltools.mocks.faults.observation_fault import ARRAYS
from rltools.mocks.leaves import leaf_spaces, value_at, with_value_at


@dataclass(frozen=True, kw_only=True, repr=False)
class ReusedBuffer(Corruption):
    """All arrays are written into those of the observation returned before.

    At a reset that is the last observation of the episode before. The first observation
    of all has none before it and is returned as it is.

    Args:
        at: As for every `Fault`, as are the other options.
    """

    def check_space(self, space: gym.Space[Any]) -> None:
        """See `Fault.check_space`."""
        if not any(isinstance(leaf, ARRAYS) for _, leaf in leaf_spaces(space)):
            raise InvalidSpaceError(
                f"{self}: expected an observation space with arrays, got {space}."
            )

    def corrupt(
        self,
        observ: Any,
        info: Info,
        firing: Firing,
        *,
        space: gym.Space[Any],
        previous: Any,
    ) -> tuple[Any, Info]:
        """See `Fault.corrupt`."""
        if previous is None:
            return observ, info
        for path, leaf in leaf_spaces(space):
            if isinstance(leaf, ARRAYS):
                value, buffer = value_at(observ, path), value_at(previous, path)
                if _fits(value, buffer):
                    buffer[...] = value
                    observ = with_value_at(observ, path, buffer)
        return observ, info


def _fits(value: Any, buffer: Any) -> bool:
    # Another fault may have changed either of them, and numbers can't be written into.
    are_arrays = isinstance(value, np.ndarray) and isinstance(buffer, np.ndarray)
    return are_arrays and value.shape == buffer.shape and value.dtype == buffer.dtype
