"""Infos of several environments as columns, which are packed faster than dictionaries.

A number of NumPy takes longer to pickle than to compute, and an info may have a dozen.
Where all infos have the same keys and all values of a key are numbers of one type, the
values of each key are packed as one.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

# The rows that have an info, and for each key their values: as a list, or as the
# letter of a dtype and the bytes of an array.
InfoColumns = tuple[list[int], dict[str, list[Any] | tuple[str, bytes]]]

_PLAIN = {bool, int, float}
_OF_NUMPY = {np.bool_, np.int32, np.int64, np.uint8, np.float32, np.float64}


def to_columns(infos: Mapping[int, Mapping[str, Any]]) -> InfoColumns | None:
    """Turn infos into columns of nothing but plain numbers; None if they can't be."""
    rows = list(infos)
    values = list(infos.values())
    keys = values[0].keys() if values else ()
    if any(info.keys() != keys for info in values):
        return None
    columns: dict[str, list[Any] | tuple[str, bytes]] = {}
    for key in keys:
        column = [info[key] for info in values]
        kinds = set(map(type, column))
        if type(key) is not str or len(kinds) > 1:
            return None
        if kinds <= _OF_NUMPY:
            array = np.array(column)
            columns[key] = array.dtype.char, array.tobytes()
        elif kinds <= _PLAIN:
            columns[key] = column
        else:
            return None
    return rows, columns


def from_columns(packed: InfoColumns) -> dict[int, dict[str, Any]]:
    """Inverse of `to_columns`."""
    rows, columns = packed
    infos: dict[int, dict[str, Any]] = {row: {} for row in rows}
    for key, column in columns.items():
        if isinstance(column, tuple):
            char, data = column
            column = list(np.frombuffer(data, char))
        for info, value in zip(infos.values(), column, strict=True):
            info[key] = value
    return infos
