"""Columns of values: rows are appended while recording and read by their number."""

import array
from collections.abc import Mapping
from typing import Any

import numpy as np

from rltools.errors import RecordingError
from rltools.mocks.recording.decode import Decoder
from rltools.mocks.recording.dtypes import ALL_STREAMS, BYTES, SIZES
from rltools.mocks.recording.encode import encode
from rltools.mocks.recording.structure import (
    MAX_ITEMS,
    Structure,
    count_elements,
    count_items,
    parse_structure,
)

_ROWS = "rows"
_ROW_DTYPE = np.dtype("<u4")


class TableWriter:
    """Takes values apart, row by row.

    All numbers of a type go into one stream, in the order in which they come. Rows of
    the same structure share it, so that fixed-size values cost their numbers only.
    """

    def __init__(self) -> None:
        self._structures: dict[Structure, int] = {}
        self._rows = array.array("L")
        self._streams: dict[str, bytearray] = {}

    def __len__(self) -> int:
        return len(self._rows)

    def append(self, value: Any, path: str) -> None:
        """Append a row.

        Args:
            value: The value, which is copied.
            path: What to call it in an error.

        Raises:
            RecordingError: It can't be recorded; nothing was appended.
        """
        structure, pieces = encode(value, path)
        number = self._structures.get(structure)
        if number is None:
            if (items := count_items(structure)) > MAX_ITEMS:
                raise RecordingError(
                    f"{path}: can't record more than {MAX_ITEMS:,} values that are not "
                    f"in arrays, got {items:,}"
                )
            number = self._structures[structure] = len(self._structures)
        self._rows.append(number)
        for stream, content in pieces:
            self._streams.setdefault(stream, bytearray()).extend(content)
            if stream == BYTES:
                size = len(content).to_bytes(8, "little")
                self._streams.setdefault(SIZES, bytearray()).extend(size)

    def structures(self) -> list[Structure]:
        """All structures, in the order of their numbers."""
        return list(self._structures)

    def arrays(self) -> dict[str, np.ndarray]:
        """The streams by their names, and `"rows"` with the structure of each row."""
        streams = {
            name: np.frombuffer(bytes(content), ALL_STREAMS[name])
            for name, content in sorted(self._streams.items())
        }
        return {_ROWS: np.array(self._rows, _ROW_DTYPE), **streams}


class Table:
    """Rows that were read from a file.

    Args:
        structures: What the file has for the structures.
        arrays: What it has for the rows and streams.

    Raises:
        RecordingError: They do not fit together.
    """

    def __init__(self, structures: Any, arrays: Mapping[str, np.ndarray]) -> None:
        if not isinstance(structures, list):
            raise RecordingError(f"expected structures, got {structures!r:.60}")
        self._structures = [parse_structure(each) for each in structures]
        self._streams = {name: arrays[name] for name in arrays if name != _ROWS}
        self._rows = _check_array(arrays, _ROWS, _ROW_DTYPE)
        if len(self._rows) and int(self._rows.max()) >= len(structures):
            raise RecordingError("a row has a structure that there isn't")
        for name in self._streams:
            if name not in ALL_STREAMS:
                raise RecordingError(f"there is no stream {name!r}")
            _check_array(arrays, name, ALL_STREAMS[name])
        self._parts = self._find_parts()
        self._starts = self._find_starts()

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, row: int) -> Any:
        """Make the value of a row anew.

        Raises:
            RecordingError: It can't be made of what the file has.
        """
        starts = {name: int(starts[row]) for name, starts in self._starts.items()}
        decoder = Decoder(self._streams, self._parts, starts)
        try:
            return decoder.decode(self._structures[self._rows[row]])
        except (ValueError, TypeError, LookupError, OverflowError) as error:
            raise RecordingError(
                f"row {row} can't be read ({type(error).__name__}: {error})"
            ) from error

    def _find_parts(self) -> np.ndarray:
        sizes = self._streams.get(SIZES, np.empty(0, ALL_STREAMS[SIZES]))
        total = len(self._streams.get(BYTES, ()))
        if len(sizes) and (sizes.min() < 0 or sizes.max() > total):
            raise RecordingError("a part has a size that can't be")
        parts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        if parts[-1] != total:
            raise RecordingError(f"its parts have {parts[-1]} bytes, not {total}")
        return parts

    def _find_starts(self) -> dict[str, np.ndarray]:
        lengths = {name: len(each) for name, each in self._streams.items()}
        lengths[BYTES] = lengths.pop(SIZES, 0)  # Counted in parts.
        counts = [count_elements(structure) for structure in self._structures]
        starts = {}
        for name in sorted(set(lengths).union(*counts)):
            length = lengths.get(name, 0)
            per_structure = [count[name] for count in counts]
            if max(per_structure, default=0) > length:
                raise RecordingError(f"stream {name!r} is too short")
            per_row = np.array(per_structure, np.int64)[self._rows]
            ends = np.cumsum(per_row)
            needed = int(ends[-1]) if len(ends) else 0
            if needed != length:
                raise RecordingError(
                    f"stream {name!r} has {length} elements, its rows have {needed}"
                )
            starts[name] = ends - per_row
        return starts


def _check_array(
    arrays: Mapping[str, np.ndarray], name: str, dtype: np.dtype[Any]
) -> np.ndarray:
    found = arrays.get(name)
    if found is None:
        raise RecordingError(f"{name!r} is missing")
    if found.dtype != dtype or found.ndim != 1:
        raise RecordingError(
            f"{name!r}: expected one dimension of {dtype}, got shape {found.shape} and "
            f"{found.dtype}"
        )
    return found
