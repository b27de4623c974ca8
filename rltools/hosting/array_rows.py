"""Rows of the values of one space, in one array."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from gymnasium import spaces

from rltools.errors import InvalidObservationError
from rltools.space_checks import describe, explain_mismatch

Allocate = Callable[[tuple[int, ...], Any], np.ndarray]


class ArrayRows:
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
        """See `Rows`."""
        if problem := self._explain(value, path):
            raise InvalidObservationError(problem)
        self._array[row] = value

    def _explain(self, value: Any, path: str) -> str | None:
        return explain_mismatch(self._space, value, path)

    def write_all(self, values: Sequence[Any]) -> bool:
        """See `Rows`."""
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
        """See `Rows`."""
        self._array[...] = batch

    def row(self, row: int) -> Any:
        """See `Rows`."""
        value = self._array[row]
        return value.copy() if self._shape else value

    def leaves(self) -> list[np.ndarray | list[Any]]:
        """See `Rows`."""
        return [self._array]

    def copies(self) -> list[np.ndarray | tuple[Any, ...]]:
        """See `Rows`."""
        return [self._array.copy()]


class BoxRows(ArrayRows):
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
        """See `Rows`."""
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
        """See `Rows`."""
        return self._array[row].copy() if self._shape else np.array(self._array[row])


def _bounds(space: spaces.Space) -> tuple[Any, Any]:
    """The lowest and the highest value; of a Box nobody asks."""
    if isinstance(space, spaces.Discrete):
        return space.start, space.start + space.n - 1
    if isinstance(space, spaces.MultiDiscrete):
        return space.start, space.start + space.nvec - 1
    return 0, 1
