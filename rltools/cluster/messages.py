"""Requests to actors and their replies: each is one piece of bytes.

Ray passes bytes on as they are. A list of arrays it pickles, one by one, which makes a
call take twice as long.
"""

import struct
from collections.abc import Sequence

import numpy as np

from rltools.hosting.columns import Columns

_HEADER = struct.Struct("<BQ")  # The kind of message, and the size of its columns.
_ALL_ROWS = -1


def pack_message(kind: int, columns: bytes, body: bytes) -> bytes:
    """Make a message.

    Args:
        kind: The value of a `Command` or `Status`.
        columns: What `ColumnBytes` has packed, or nothing.
        body: What is pickled.
    """
    return b"".join((_HEADER.pack(kind, len(columns)), columns, body))


def unpack_message(message: bytes) -> tuple[int, memoryview, memoryview]:
    """Inverse of `pack_message`."""
    kind, size = _HEADER.unpack_from(message)
    rest = memoryview(message)[_HEADER.size :]
    return kind, rest[:size], rest[size:]


class ColumnBytes:
    """Turns columns into bytes for the other side's columns, and back.

    Args:
        columns: With a row for each environment of an actor. Observations without a
            fixed size are left to the pickled part of a message.
    """

    def __init__(self, columns: Columns) -> None:
        self._columns = columns
        leaves = columns.observs.leaves()
        self._observs = [leaf for leaf in leaves if isinstance(leaf, np.ndarray)]
        self._outcomes = [columns.rewards, columns.terminated, columns.truncated]
        actions = [] if columns.actions is None else columns.actions.leaves()
        self._inputs = [leaf for leaf in actions if isinstance(leaf, np.ndarray)]
        self._inputs.append(columns.resets)

    def pack_inputs(self) -> bytes:
        """The actions, and which environments are to be reset instead."""
        return _join(self._inputs)

    def unpack_inputs(self, data: memoryview) -> None:
        """Store what the other side has packed."""
        _fill(self._inputs, data)

    def pack_outputs(self, rows: Sequence[int] | None) -> bytes:
        """The observations and outcomes.

        Args:
            rows: Whose observations are new; None for those of all.
        """
        if rows is None:
            head, observs = np.array([_ALL_ROWS]), self._observs
        else:
            head = np.array([len(rows), *rows])
            observs = [leaf[list(rows)] for leaf in self._observs]
        return _join((head, *observs, *self._outcomes))

    def unpack_outputs(self, data: memoryview) -> None:
        """Store what the other side has packed."""
        count = int(np.frombuffer(data, np.int64, 1)[0])
        data = data[8:]
        if count == _ALL_ROWS:
            _fill([*self._observs, *self._outcomes], data)
            return
        rows = np.frombuffer(data, np.int64, count)
        observs = [np.empty_like(leaf[rows]) for leaf in self._observs]
        _fill([*observs, *self._outcomes], data[rows.nbytes :])
        for leaf, values in zip(self._observs, observs, strict=True):
            leaf[rows] = values


def _bytes_of(array: np.ndarray) -> np.ndarray:
    return array.reshape(-1).view(np.uint8)


def _join(arrays: Sequence[np.ndarray]) -> bytes:
    return b"".join([_bytes_of(array).data for array in arrays])


def _fill(arrays: Sequence[np.ndarray], data: memoryview) -> None:
    offset = 0
    for array in arrays:
        end = offset + array.nbytes
        _bytes_of(array)[:] = np.frombuffer(data[offset:end], np.uint8)
        offset = end
    assert offset == len(data), "both sides have columns of one layout"
