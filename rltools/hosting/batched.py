"""Takes batched values apart and puts them together.

The batched value of a Dict is a dict, of a Tuple a tuple, of an array-like space an
array with one row for each environment, and of any other space a tuple of values.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from operator import itemgetter
from typing import Any

import numpy as np
from gymnasium import spaces

from rltools.hosting.rows import ARRAY_SPACES


def split(space: spaces.Space, batch: Any, count: int) -> list[Any]:
    """The single values of a batch; arrays among them are views.

    Args:
        space: The space of a single value.
        batch: A batched value.
        count: The number of values.
    """
    if isinstance(space, spaces.Dict):
        parts = {key: split(each, batch[key], count) for key, each in space.items()}
        return [
            {key: values[row] for key, values in parts.items()} for row in range(count)
        ]
    if isinstance(space, spaces.Tuple):
        pairs = zip(space.spaces, batch, strict=True)
        columns = [split(each, values, count) for each, values in pairs]
        return [tuple(values[row] for values in columns) for row in range(count)]
    return list(batch)


def splitter(space: spaces.Space, count: int) -> Callable[[Any], list[Any]]:
    """What splits batches of a space; see `split`."""
    if isinstance(space, ARRAY_SPACES):
        return list  # Goes by the first axis.
    return partial(split, space, count=count)


def part(space: spaces.Space, batch: Any, first: int, end: int) -> Any:
    """The batched value of some neighbours only; arrays are views."""
    if isinstance(space, spaces.Dict):
        return {key: part(each, batch[key], first, end) for key, each in space.items()}
    if isinstance(space, spaces.Tuple):
        pairs = zip(space.spaces, batch, strict=True)
        return tuple(part(each, values, first, end) for each, values in pairs)
    return batch[first:end]


def parter(space: spaces.Space, first: int, end: int) -> Callable[[Any], Any]:
    """What takes the values of some neighbours out of a batch; see `part`."""
    if isinstance(space, ARRAY_SPACES):
        return itemgetter(slice(first, end))
    return partial(part, space, first=first, end=end)


def own_copy(space: spaces.Space, batch: Any) -> Any:
    """A copy of a batched value, in the dtypes of the space of a single one."""
    if isinstance(space, spaces.Dict):
        return {key: own_copy(each, batch[key]) for key, each in space.items()}
    if isinstance(space, spaces.Tuple):
        pairs = zip(space.spaces, batch, strict=True)
        return tuple(own_copy(each, values) for each, values in pairs)
    if isinstance(batch, np.ndarray):
        return np.array(batch, space.dtype)
    return batch


def assemble(space: spaces.Space, leaves: Iterator[Any]) -> Any:
    """The batched value that has these leaves, in the order of `Rows.leaves`."""
    if isinstance(space, spaces.Dict):
        return {key: assemble(each, leaves) for key, each in space.items()}
    if isinstance(space, spaces.Tuple):
        return tuple(assemble(each, leaves) for each in space.spaces)
    return next(leaves)


def joined(arrays: Sequence[np.ndarray]) -> np.ndarray:
    """A copy of arrays, one after another."""
    return arrays[0].copy() if len(arrays) == 1 else np.concatenate(arrays)


def join(segments: Sequence[Sequence[Any]]) -> list[Any]:
    """Join the leaves of several parts of a batch; the result is a copy."""
    return [
        tuple(value for leaf in leaves for value in leaf)
        if isinstance(leaves[0], list)
        else joined(leaves)
        for leaves in zip(*segments, strict=True)
    ]
