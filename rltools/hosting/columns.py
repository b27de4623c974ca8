"""The arrays that a step of several environments reads and fills."""

from collections.abc import Callable
from typing import Any

import gymnasium as gym
import numpy as np

from rltools.hosting.array_rows import Allocate
from rltools.hosting.rows import Rows, is_fixed_size, rows_of

_ALIGNMENT = 64  # Of a cache line, so that no two arrays share one.


class Columns:
    """One row for each environment, of all that crosses in a step.

    Args:
        observation_space: That of one environment.
        action_space: That of one environment.
        count: The number of environments.
        allocate: Makes an array of a given shape and dtype.

    Attributes:
        observs: The current observations.
        actions: The actions to take; None where they have no fixed size.
        resets: Mask `(count,)` of the environments to be reset instead of stepped.
        rewards: Array `(count,)` of float64.
        terminated, truncated: Arrays `(count,)` of bool.
    """

    def __init__(
        self,
        observation_space: gym.Space,
        action_space: gym.Space,
        count: int,
        allocate: Allocate = np.zeros,
    ) -> None:
        self.observs: Rows = rows_of(observation_space, count, allocate)
        self.actions: Rows | None = None
        if is_fixed_size(action_space):
            self.actions = rows_of(action_space, count, allocate)
        self.resets = allocate((count,), np.bool_)
        self.rewards = allocate((count,), np.float64)
        self.terminated = allocate((count,), np.bool_)
        self.truncated = allocate((count,), np.bool_)


def size_of_columns(
    observation_space: gym.Space, action_space: gym.Space, count: int
) -> int:
    """Bytes that columns take of one piece of memory."""
    size = 0

    def allocate(shape: tuple[int, ...], dtype: Any) -> np.ndarray:
        nonlocal size
        empty = np.broadcast_to(np.zeros((), dtype), shape)  # Takes no memory.
        size += _aligned(empty.size * empty.itemsize)
        return empty

    Columns(observation_space, action_space, count, allocate)
    return max(size, _ALIGNMENT)


def columns_in(
    memory: Any,
    observation_space: gym.Space,
    action_space: gym.Space,
    rows: int,
    *,
    first: int = 0,
    count: int | None = None,
) -> Columns:
    """Lay columns out in a writable buffer of `size_of_columns` bytes.

    Args:
        memory: The buffer.
        observation_space: That of one environment.
        action_space: That of one environment.
        rows: The number of environments that have a row there.
        first: The first of those whose rows are asked for.
        count: How many are asked for; None for all.
    """
    count = rows if count is None else count
    allocate = _carver(memory, rows, slice(first, first + count))
    return Columns(observation_space, action_space, count, allocate)


def _carver(
    memory: Any, rows: int, chosen: slice
) -> Callable[[tuple[int, ...], Any], np.ndarray]:
    offset = 0

    def allocate(shape: tuple[int, ...], dtype: Any) -> np.ndarray:
        nonlocal offset
        array: np.ndarray = np.ndarray((rows, *shape[1:]), dtype, memory, offset)
        offset += _aligned(array.nbytes)
        return array[chosen]

    return allocate


def _aligned(size: int) -> int:
    return -(-size // _ALIGNMENT) * _ALIGNMENT
