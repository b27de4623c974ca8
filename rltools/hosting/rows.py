"""Rows of a batch: values of single environments, checked and stacked.

`rows_of(space, count)` gives an object with one row for each environment. Writing is
strict: nothing is broadcast and nothing is cast with loss on its way into a row.
"""

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from typing import Any, Protocol

import numpy as np
from gymnasium import spaces

from rltools.errors import InvalidObservationError
from rltools.space_checks import describe, explain_mismatch

ARRAY_SPACES = (spaces.Box, spaces.Discrete, spaces.MultiDiscrete, spaces.MultiBinary)

Allocate = Callable[[tuple[int, ...], Any], np.ndarray]


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
    if isinstance(space, spaces.Dict):
        return _DictRows(
            {key: rows_of(part, count, allocate) for key, part in space.items()}
        )
    if isinstance(space, spaces.Tuple):
        return _TupleRows([rows_of(part, count, allocate) for part in space.spaces])
    if isinstance(space, spaces.Box):
        return _BoxRows(space, count, allocate)
    if isinstance(space, ARRAY_SPACES):
        return _ArrayRows(space, count, allocate)
    return _ObjectRows(space, count)


def is_fixed_size(space: spaces.Space) -> bool:
    """Whether all values of a space fit into arrays of one shape."""
    if isinstance(space, spaces.Dict | spaces.Tuple):
        parts = space.values() if isinstance(space, spaces.Dict) else space.spaces
        return all(map(is_fixed_size, parts))
    return isinstance(space, ARRAY_SPACES)


class _ArrayRows:
    """Rows of integers within bounds."""

    def __init__(self, space: spaces.Space, count: int, allocate: Allocate) -> None:
        assert space.shape is not None
        self._space = space
        self._shape = space.shape
        self._dtype = np.dtype(space.dtype)
        self._types = [np.ndarray if space.shape else self._dtype.type] * count
        self._lengths = [space.shape[0]] * count if space.shape else []
        self._array = allocate((count, *space.shape), self._dtype)
        # Values that are joined along their first axis lie as the rows do.
        self._joined = self._array
        if space.shape:
            self._joined = self._array.reshape(
                -1 if self._array.size else 0, *space.shape[1:]
            )
        self._low, self._high = _bounds(space)

    def write(self, row: int, value: Any, path: str) -> None:
        if problem := self._explain(value, path):
            raise InvalidObservationError(problem)
        self._array[row] = value

    def _explain(self, value: Any, path: str) -> str | None:
        return explain_mismatch(self._space, value, path)

    def write_all(self, values: Sequence[Any]) -> bool:
        if [*map(type, values)] != self._types:
            return False
        if not self._shape:
            checked = np.fromiter(values, self._dtype, len(values))
        else:
            checked = np.empty_like(self._joined)
            if not self._join(values, checked):
                return False
            checked = checked.reshape(self._array.shape)
        if not ((checked >= self._low) & (checked <= self._high)).all():
            return False
        self._array[...] = checked
        return True

    def _join(self, values: Sequence[Any], out: np.ndarray) -> bool:
        try:
            if [*map(len, values)] != self._lengths:
                return False
            np.concatenate(values, out=out, casting="no")
        except (TypeError, ValueError):
            return False
        return True

    def put(self, batch: Any) -> None:
        self._array[...] = batch

    def row(self, row: int) -> Any:
        value = self._array[row]
        return value.copy() if self._shape else value

    def leaves(self) -> list[np.ndarray | list[Any]]:
        return [self._array]


class _BoxRows(_ArrayRows):
    """Rows of a Box: whether a number is in bounds is not a question of stacking."""

    def _explain(self, value: Any, path: str) -> str | None:
        if not isinstance(value, np.ndarray | np.generic):
            wanted = f"an array of shape {self._shape} and dtype {self._dtype}"
            return f"{path}: expected {wanted}, got {describe(value)}"
        if value.shape != self._shape:
            return f"{path}: expected shape {self._shape}, got {value.shape}"
        if not np.can_cast(value.dtype, self._dtype):
            return f"{path}: expected dtype {self._dtype}, got {value.dtype}"
        return None

    def write_all(self, values: Sequence[Any]) -> bool:
        try:
            if (
                not self._shape
                or [*map(type, values)] != self._types
                or [*map(len, values)] != self._lengths
            ):
                return False
            np.concatenate(values, out=self._joined, casting="no")
        except (TypeError, ValueError):
            return False
        return True

    def row(self, row: int) -> Any:
        return self._array[row].copy() if self._shape else np.array(self._array[row])


def _bounds(space: spaces.Space) -> tuple[Any, Any]:
    """The lowest and the highest value; of a Box nobody asks."""
    if isinstance(space, spaces.Discrete):
        return space.start, space.start + space.n - 1
    if isinstance(space, spaces.MultiDiscrete):
        return space.start, space.start + space.nvec - 1
    return 0, 1


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
