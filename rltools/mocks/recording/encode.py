"""Takes a value apart into its structure and the bytes of its leaves."""

import struct
from collections import OrderedDict
from itertools import groupby
from typing import Any

import numpy as np
from gymnasium.spaces import GraphInstance

from rltools.errors import RecordingError
from rltools.mocks.recording.dtypes import BYTES, can_record, stream_of
from rltools.mocks.recording.structure import MAX_DEPTH, MAX_ITEMS, Structure
from rltools.space_checks import describe

Piece = tuple[str, bytes]  # Name of a stream, and what to append to it.
# The path of what contains it and what to append to that: nothing is put in words
# unless there is an error.
_Path = tuple[Any, str, Any]

_TYPES = (
    "None, bool, int, float, complex, str, bytes, NumPy arrays and scalars of those or "
    "of times, GraphInstance, or a list, tuple or dict of such values"
)
_KEYS = "None, bool, int, float, str, NumPy numbers, and tuples of such values"


def encode(value: Any, path: str) -> tuple[Structure, list[Piece]]:
    """Take a value apart.

    Types are told apart exactly: what derives from a type is not of that type, because
    it would not come back as what it was.

    Args:
        value: The value. It is copied.
        path: What to call it in an error, such as `"info"`. What it contains extends
            that: `info['arm'][0]`.

    Returns:
        Tuple of its structure and the contents of its leaves, in their order.

    Raises:
        RecordingError: There is something in it that can't be recorded, is nested too
            deep, or is too long; names the path.
    """
    pieces: list[Piece] = []
    return _encode(value, (None, "%s", path), pieces, 0), pieces


def _encode(value: Any, path: _Path, pieces: list[Piece], depth: int) -> Structure:
    # In the order of how often they come.
    kind = type(value)
    if kind is np.ndarray or issubclass(kind, np.generic):
        return _encode_numpy(value, path, pieces)
    if kind is float:
        pieces.append(("float64", struct.pack("<d", value)))
        return "float"
    if kind is bool:
        pieces.append(("bool", b"\1" if value else b"\0"))
        return "bool"
    if kind is int:
        return _encode_integer(value, pieces)
    if value is None:
        return "none"
    if kind is str:
        pieces.append((BYTES, value.encode("utf-8", "surrogatepass")))
        return "str"
    if kind is bytes:
        pieces.append((BYTES, value))
        return "bytes"
    if kind is complex:
        pieces.append(("complex128", struct.pack("<2d", value.real, value.imag)))
        return "complex"
    if depth == MAX_DEPTH:
        raise RecordingError(
            f"{_show(path):.200}: can't record more than {MAX_DEPTH} levels of "
            "nesting; does it contain itself?"
        )
    return _encode_container(value, path, pieces, depth + 1)


def _encode_container(
    value: Any, path: _Path, pieces: list[Piece], depth: int
) -> Structure:
    kind = type(value)
    if kind is GraphInstance:
        fields = value._asdict().items()
        return (
            "graph",
            *[_encode(part, (path, ".%s", key), pieces, depth) for key, part in fields],
        )
    if kind not in (dict, list, tuple, OrderedDict):
        raise RecordingError(
            f"{_show(path)}: can't record a {kind.__module__}.{kind.__qualname__}, "
            f"expected {_TYPES}"
        )
    # Before too much is copied; what is left of it is counted by the table.
    if len(value) + len(pieces) > MAX_ITEMS:
        raise RecordingError(
            f"{_show(path)}: can't record more than {MAX_ITEMS:,} values that are not "
            f"in arrays, got {len(value):,} items"
        )
    if kind is list or kind is tuple:
        parts = [
            _encode(part, (path, "[%r]", index), pieces, depth)
            for index, part in enumerate(value)
        ]
        runs = tuple([(len(list(run)), each) for each, run in groupby(parts)])
        return (kind.__name__, runs)
    entries = []
    for key, part in value.items():
        place = (path, "[%r]", key)
        entries.append((_encode_key(key, place), _encode(part, place, pieces, depth)))
    return ("dict" if kind is dict else "ordered", tuple(entries))


def _encode_numpy(value: Any, path: _Path, pieces: list[Piece]) -> Structure:
    if type(value) is np.str_:
        # Not its `str`, which drops null characters from the end.
        pieces.append((BYTES, value.encode("utf-8", "surrogatepass")))
        return "numpy.str"
    if type(value) is np.bytes_:
        pieces.append((BYTES, bytes(value)))
        return "numpy.bytes"
    code = value.dtype.str
    if not can_record(code):
        raise RecordingError(
            f"{_show(path)}: can't record a value of dtype {value.dtype}, expected "
            "booleans, integers, floats or complex numbers of at most 64 bits each, "
            "texts, bytes or times"
        )
    pieces.append((stream_of(code), value.tobytes()))
    if isinstance(value, np.ndarray):
        return ("array", code, value.shape)
    return ("scalar", code)


def _encode_integer(value: int, pieces: list[Piece]) -> Structure:
    if -(2**63) <= value < 2**63:
        pieces.append(("int64", value.to_bytes(8, "little", signed=True)))
        return "int"
    size = value.bit_length() // 8 + 1  # With a bit for the sign.
    pieces.append((BYTES, value.to_bytes(size, "little", signed=True)))
    return "long"


def _encode_key(key: Any, path: _Path, depth: int = 0) -> Structure:
    kind = type(key)
    if kind is str:
        return ("str", key)
    if key is None:
        return ("none", "")
    if kind in (bool, int):
        return (kind.__name__, f"{key:x}")
    if kind is float:
        return ("float", struct.pack("<d", key).hex())
    if isinstance(key, np.number | np.bool_) and can_record(key.dtype.str):
        return (key.dtype.str, key.tobytes().hex())
    if kind is tuple and depth < MAX_DEPTH:
        return ("tuple", tuple([_encode_key(each, path, depth + 1) for each in key]))
    raise RecordingError(
        f"{_show(path)}: can't record the key {describe(key)}, expected {_KEYS}"
    )


def _show(path: _Path) -> str:
    parts = []
    place: Any = path
    while place is not None:
        place, form, key = place
        parts.append(form % (key,))
    return "".join(reversed(parts))
