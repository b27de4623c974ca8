"""Checks the actions given to a batch, before any environment moves."""

from collections.abc import Callable
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces

from rltools.errors import InvalidActionError
from rltools.hosting.batched import assemble, own_copy
from rltools.hosting.rows import rows_of
from rltools.space_checks import explain_mismatch


class Actions:
    """Takes the caller's actions over.

    Args:
        single_space: Action space of one environment.
        space: Action space of the batch.
        count: The number of environments.
    """

    def __init__(self, single_space: gym.Space, space: gym.Space, count: int) -> None:
        self._single_space = single_space
        self._space = space
        self._count = count
        self._is_obviously_fine = _quick_check(space)

    def take(self, actions: Any) -> Any:
        """Check actions and copy them.

        Args:
            actions: An element of the batch's space, or a list of single actions.

        Returns:
            The batched actions, in the dtypes of the space. Arrays are copies, so that
            neither side sees what the other writes.

        Raises:
            InvalidActionError: Names what doesn't fit, what was expected and found.
        """
        if self._is_obviously_fine is not None and self._is_obviously_fine(actions):
            return actions.copy()
        if isinstance(actions, list):
            return self._join(actions)
        self._check(self._space, actions, "actions")
        return own_copy(self._single_space, actions)

    def _join(self, actions: list[Any]) -> Any:
        if len(actions) != self._count:
            raise InvalidActionError(
                f"actions: expected {self._count} actions, got {len(actions)}."
            )
        rows = rows_of(self._single_space, self._count)
        for index, action in enumerate(actions):
            self._check(self._single_space, action, f"actions[{index}]")
            rows.write(index, action, f"actions[{index}]")
        leaves = (
            tuple(leaf) if isinstance(leaf, list) else leaf for leaf in rows.leaves()
        )
        return assemble(self._single_space, leaves)

    @staticmethod
    def _check(space: gym.Space, value: Any, path: str) -> None:
        if problem := explain_mismatch(space, value, path):
            raise InvalidActionError(f"{problem}.")


def _quick_check(space: gym.Space) -> Callable[[Any], bool] | None:
    """A check for arrays that costs little, and says nothing about what is wrong."""
    if isinstance(space, spaces.MultiDiscrete):
        low, high = space.start, space.start + space.nvec - 1
    elif isinstance(space, spaces.Box):
        low, high = space.low, space.high
    else:
        return None
    shape, dtype = space.shape, np.dtype(space.dtype)
    if dtype == np.int64 and not np.any(low):
        # Seen as unsigned, numbers below zero are too high.
        below = (high + 1).astype(np.uint64)
        return lambda actions: (
            type(actions) is np.ndarray
            and actions.dtype == dtype
            and actions.shape == shape
            and b"\0" not in (actions.view(np.uint64) < below).tobytes()
        )

    def check(actions: Any) -> bool:
        return (
            type(actions) is np.ndarray
            and actions.dtype == dtype
            and actions.shape == shape
            # Comparisons with NaN are false; bytes are searched faster than arrays.
            and b"\0" not in ((actions >= low) & (actions <= high)).tobytes()
        )

    return check
