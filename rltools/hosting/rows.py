"""Rows of a batch: values of single environments, checked and stacked.

`rows_of(space, count)` gives an object with one row for each environment. Writing is
strict: nothing is broadcast and nothing is cast with loss on its way into a row.
"""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from functools import partial
from typing import Any, Protocol

import numpy as np
from gymnasium import spaces

from rltools.errors import InvalidObservationError
from rltools.hosting.array_rows import Allocate, ArrayRows, BoxRows
from rltools.space_checks import describe, explain_mismatch

ARRAY_SPACES = (spaces.Box, spaces.Discrete, spaces.MultiDiscrete, spaces.MultiBinary)


class Rows(Protocol):
    """Storage for one value of a space for each environment."""

    def write(self, row: int, value: Any, path: str) -> None:
        """Store a value; `path` is what an error message calls it."""

    def write_all(self, values: Sequence[Any]) -> bool:
        """Store a value for every row at once, if all are just what is expected.

        Returns:
            Whether they were. If not, they must be written one by one: each may still
            be acceptable, or gets an error that says what is wrong with it.
        """

    def put(self, batch: Any) -> None:
        """Store a batched value that is known to fit."""

    def row(self, row: int) -> Any:
        """A copy of one value."""

    def leaves(self) -> list[np.ndarray | list[Any]]:
        """What is stored: an array or, for a space without fixed size, a list."""

    def copies(self) -> list[np.ndarray | tuple[Any, ...]]:
        """The same for the caller to keep: a copy or, of a list, a tuple."""


def rows_of(space: spaces.Space, count: int, allocate: Allocate = np.zeros) -> Rows:
    """Make rows for a number of environments.

    Array-like spaces (Box, Discrete, MultiDiscrete, MultiBinary) have one array of
    shape `(count, *space.shape)` and the space's dtype, Dict and Tuple their parts;
    values of any other space are kept in a list.

    Args:
        space: The space of a single environment.
        count: The number of environments.
        allocate: Makes an array of a given shape and dtype.
    """
    rows = partial(rows_of, count=count, allocate=allocate)
    if isinstance(space, spaces.Dict):
        return _DictRows({key: rows(part) for key, part in space.items()})
    if isinstance(space, spaces.Tuple):
        return _TupleRows([rows(part) for part in space.spaces])
    if isinstance(space, spaces.Box):
        return BoxRows(space, count, allocate)
    if isinstance(space, ARRAY_SPACES):
        return ArrayRows(space, count, allocate)
    return _ObjectRows(space, count)


def is_fixed_size(space: spaces.Space) -> bool:
    """Whether all values of a space fit into arrays of one shape."""
    if isinstance(space, spaces.Dict | spaces.Tuple):
        parts = space.values() if isinstance(space, spaces.Dict) else space.spaces
        return all(map(is_fixed_size, parts))
    return isinstance(space, ARRAY_SPACES)


class _DictRows:
    def __init__(self, parts: dict[str, Rows]) -> None:
        self._parts = parts

    def write(self, row: int, value: Any, path: str) -> None:
        if not isinstance(value, Mapping) or value.keys() != self._parts.keys():
            keys = list(value) if isinstance(value, Mapping) else describe(value)
            raise InvalidObservationError(
                f"{path}: expected a dict with keys {list(self._parts)}, got {keys}"
            )
        for key, part in self._parts.items():
            part.write(row, value[key], f"{path}[{key!r}]")

    def write_all(self, values: Sequence[Any]) -> bool:
        if not all(
            type(value) is dict and value.keys() == self._parts.keys()
            for value in values
        ):
            return False
        return all(
            part.write_all([value[key] for value in values])
            for key, part in self._parts.items()
        )

    def put(self, batch: Any) -> None:
        for key, part in self._parts.items():
            part.put(batch[key])

    def row(self, row: int) -> Any:
        return {key: part.row(row) for key, part in self._parts.items()}

    def leaves(self) -> list[np.ndarray | list[Any]]:
        return [leaf for part in self._parts.values() for leaf in part.leaves()]

    def copies(self) -> list[np.ndarray | tuple[Any, ...]]:
        return [leaf for part in self._parts.values() for leaf in part.copies()]


class _TupleRows:
    def __init__(self, parts: list[Rows]) -> None:
        self._parts = parts

    def write(self, row: int, value: Any, path: str) -> None:
        if not isinstance(value, tuple) or len(value) != len(self._parts):
            found = f"{len(value)}" if isinstance(value, tuple) else describe(value)
            raise InvalidObservationError(
                f"{path}: expected a tuple of {len(self._parts)} items, got {found}"
            )
        for index, part in enumerate(self._parts):
            part.write(row, value[index], f"{path}[{index}]")

    def write_all(self, values: Sequence[Any]) -> bool:
        if not all(
            type(value) is tuple and len(value) == len(self._parts) for value in values
        ):
            return False
        return all(
            part.write_all([value[index] for value in values])
            for index, part in enumerate(self._parts)
        )

    def put(self, batch: Any) -> None:
        for part, values in zip(self._parts, batch, strict=True):
            part.put(values)

    def row(self, row: int) -> Any:
        return tuple(part.row(row) for part in self._parts)

    def leaves(self) -> list[np.ndarray | list[Any]]:
        return [leaf for part in self._parts for leaf in part.leaves()]

    def copies(self) -> list[np.ndarray | tuple[Any, ...]]:
        return [leaf for part in self._parts for leaf in part.copies()]


class _ObjectRows:
    def __init__(self, space: spaces.Space, count: int) -> None:
        self._space = space
        self._values: list[Any] = [None] * count

    def write(self, row: int, value: Any, path: str) -> None:
        if problem := explain_mismatch(self._space, value, path):
            raise InvalidObservationError(problem)
        self._values[row] = deepcopy(value)

    def write_all(self, values: Sequence[Any]) -> bool:
        return False

    def put(self, batch: Any) -> None:
        self._values[:] = batch

    def row(self, row: int) -> Any:
        return deepcopy(self._values[row])

    def leaves(self) -> list[np.ndarray | list[Any]]:
        return [self._values]

    def copies(self) -> list[np.ndarray | tuple[Any, ...]]:
        return [tuple(self._values)]
