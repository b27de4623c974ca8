"""Judges batches of actions that an algorithm returned, and takes them apart."""

from collections.abc import Mapping, Sequence
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from gymnasium.vector.utils import (
    batch_space,
    concatenate,
    create_empty_array,
    iterate,
)

from rltools.space_checks import describe


class Rows(list[Any]):
    """Actions one by one, of an algorithm that is asked for one at a time."""


def to_arrays(value: Any) -> Any:
    """Turn the tensors in a nest into arrays, whatever framework they are of."""
    if isinstance(value, Mapping):
        return {key: to_arrays(part) for key, part in value.items()}
    if type(value) in (list, tuple):
        return type(value)(to_arrays(part) for part in value)
    if callable(getattr(value, "numpy", None)):
        return np.asarray(value.numpy())
    return value


class Batching:
    """Batches elements of a space and takes batches apart, of any size from 0.

    Args:
        space: The space of a single element.
    """

    def __init__(self, space: gym.Space[Any]) -> None:
        self.space = space
        self._batched: dict[int, gym.Space[Any]] = {}  # They take long to make.

    def stack(self, items: Sequence[Any]) -> Any:
        """Batch elements; arrays are new ones each time."""
        batch: Any = create_empty_array(self.space, len(items))
        return concatenate(self.space, items, batch) if items else batch

    def unstack(self, batch: Any, count: int) -> list[Any]:
        """Take a batch of so many elements apart."""
        if isinstance(batch, Rows):
            return list(batch)
        if not count:
            return []
        if count not in self._batched:
            self._batched[count] = batch_space(self.space, count)
        return list(iterate(self._batched[count], batch))


def explain_shape(
    space: gym.Space[Any], count: int, value: Any, path: str
) -> str | None:
    """Explain why a value is no batch of a space, apart from what numbers are in it.

    Args:
        space: The space of a single element.
        count: How many elements the batch should have.
        value: The value to judge.
        path: What to call it.

    Returns:
        None if the structure, the shapes and the dtypes are right, otherwise one line.
    """
    if isinstance(value, Rows):
        return None
    if isinstance(space, spaces.Dict):
        keys = list(space.spaces)
        if not isinstance(value, Mapping) or set(value) != set(keys):
            got = list(value) if isinstance(value, Mapping) else describe(value)
            return f"{path}: expected a dict with the keys {keys}, got {got}"
        parts = [(space[key], value[key], f"{path}[{key!r}]") for key in keys]
    elif isinstance(space, spaces.Tuple):
        if not isinstance(value, tuple) or len(value) != len(space.spaces):
            expected = f"a tuple of {len(space.spaces)}"
            return f"{path}: expected {expected}, got {describe(value)}"
        parts = [
            (part, item, f"{path}[{index}]")
            for index, (part, item) in enumerate(zip(space.spaces, value, strict=True))
        ]
    elif space.is_np_flattenable and space.shape is not None:
        return _explain_array(space, count, value, path)
    else:
        if isinstance(value, tuple) and len(value) == count:
            return None
        return f"{path}: expected a tuple of {count}, got {describe(value)}"
    for part, item, place in parts:
        if problem := explain_shape(part, count, item, place):
            return problem
    return None


def _explain_array(
    space: gym.Space[Any], count: int, value: Any, path: str
) -> str | None:
    shape, dtype = (count, *(space.shape or ())), np.dtype(space.dtype)
    fits = isinstance(value, np.ndarray) and value.shape == shape
    # Zeros and ones are such in any integer dtype.
    is_binary = (
        isinstance(space, spaces.MultiBinary) and fits and value.dtype.kind in "iu"
    )
    if fits and (is_binary or np.can_cast(value.dtype, dtype)):
        return None
    expected = f"array of shape {shape} and dtype {dtype}"
    return f"{path}: expected {expected}, got {describe(value)}"
