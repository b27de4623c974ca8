"""Rows of a batch: values of single environments, checked and stacked.

`rows_of(space, count)` gives an object with one row for each environment. Its `write`
is strict: nothing is broadcast and nothing is cast with loss on its way into a row.
"""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any, Protocol

import numpy as np
from gymnasium import spaces

from rltools.errors import InvalidObservationError
from rltools.space_checks import describe, explain_mismatch

Indices = Sequence[int] | np.ndarray
_ARRAY_SPACES = (spaces.Box, spaces.Discrete, spaces.MultiDiscrete, spaces.MultiBinary)


class Rows(Protocol):
    """Storage for one value of a space for each environment of a batch."""

    def write(self, row: int, value: Any, path: str) -> None:
        """Store a value; `path` is what an error message calls it."""

    def read(self, rows: Indices | None = None, *, copy: bool = True) -> Any:
        """The batched value of all rows, or of some in the order given."""


def rows_of(space: spaces.Space, count: int) -> Rows:
    """Make the rows of a batch.

    Array-like spaces (Box, Discrete, MultiDiscrete, MultiBinary) stack to one array of
    shape `(count, *space.shape)` and the space's dtype, Dict and Tuple to a dict and
    tuple of those; values of any other space are collected in a tuple, as Gymnasium's
    vector environments do.

    Args:
        space: The space of a single environment.
        count: The number of environments.
    """
    if isinstance(space, spaces.Dict):
        return _DictRows(space, count)
    if isinstance(space, spaces.Tuple):
        return _TupleRows(space, count)
    if isinstance(space, _ARRAY_SPACES):
        return _ArrayRows(space, count)
    return _ObjectRows(space, count)


class _ArrayRows:
    def __init__(self, space: spaces.Space, count: int) -> None:
        assert space.shape is not None
        self._space = space
        self._shape = space.shape
        self._dtype = np.dtype(space.dtype)
        self._is_box = isinstance(space, spaces.Box)
        self._array = np.zeros((count, *space.shape), space.dtype)

    def write(self, row: int, value: Any, path: str) -> None:
        # The first test is all that a well-behaved environment pays for.
        if not (
            self._is_box
            and isinstance(value, np.ndarray)
            and value.dtype == self._dtype
            and value.shape == self._shape
        ):
            self._check(value, path)
        self._array[row] = value

    def _check(self, value: Any, path: str) -> None:
        if problem := self._explain(value, path):
            raise InvalidObservationError(problem)

    def _explain(self, value: Any, path: str) -> str | None:
        if not self._is_box:
            return explain_mismatch(self._space, value, path)
        # Whether a number is within its bounds is not a question of stacking.
        if not isinstance(value, np.ndarray | np.generic):
            wanted = f"an array of shape {self._shape} and dtype {self._dtype}"
            return f"{path}: expected {wanted}, got {describe(value)}"
        if value.shape != self._shape:
            return f"{path}: expected shape {self._shape}, got {value.shape}"
        if not np.can_cast(value.dtype, self._dtype):
            return f"{path}: expected dtype {self._dtype}, got {value.dtype}"
        return None

    def read(self, rows: Indices | None = None, *, copy: bool = True) -> np.ndarray:
        if rows is not None:
            return self._array[np.asarray(rows, np.intp)]
        return self._array.copy() if copy else self._array


class _DictRows:
    def __init__(self, space: spaces.Dict, count: int) -> None:
        self._parts = {key: rows_of(part, count) for key, part in space.items()}

    def write(self, row: int, value: Any, path: str) -> None:
        if not isinstance(value, Mapping) or value.keys() != self._parts.keys():
            keys = list(value) if isinstance(value, Mapping) else describe(value)
            raise InvalidObservationError(
                f"{path}: expected a dict with keys {list(self._parts)}, got {keys}"
            )
        for key, part in self._parts.items():
            part.write(row, value[key], f"{path}[{key!r}]")

    def read(self, rows: Indices | None = None, *, copy: bool = True) -> dict[str, Any]:
        return {key: part.read(rows, copy=copy) for key, part in self._parts.items()}


class _TupleRows:
    def __init__(self, space: spaces.Tuple, count: int) -> None:
        self._parts = tuple(rows_of(part, count) for part in space.spaces)

    def write(self, row: int, value: Any, path: str) -> None:
        if not isinstance(value, tuple) or len(value) != len(self._parts):
            found = f"{len(value)}" if isinstance(value, tuple) else describe(value)
            raise InvalidObservationError(
                f"{path}: expected a tuple of {len(self._parts)} items, got {found}"
            )
        for index, part in enumerate(self._parts):
            part.write(row, value[index], f"{path}[{index}]")

    def read(self, rows: Indices | None = None, *, copy: bool = True) -> tuple:
        return tuple(part.read(rows, copy=copy) for part in self._parts)


class _ObjectRows:
    def __init__(self, space: spaces.Space, count: int) -> None:
        self._space = space
        self._values: list[Any] = [None] * count

    def write(self, row: int, value: Any, path: str) -> None:
        if problem := explain_mismatch(self._space, value, path):
            raise InvalidObservationError(problem)
        self._values[row] = deepcopy(value)

    def read(self, rows: Indices | None = None, *, copy: bool = True) -> tuple:
        if rows is None:
            return tuple(self._values)
        return tuple(self._values[row] for row in rows)
