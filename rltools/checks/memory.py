"""Finds memory and containers that two returned values have in common."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

_NONSENSE = 113  # A value that every dtype of numbers has.


def shared_parts(old: Any, new: Any) -> str:
    """Tell what of a value is the same memory as part of another one.

    Args:
        old: Any nesting of mappings, lists, tuples and arrays.
        new: Another one.

    Returns:
        The path of the first such part in `new` and in `old`, or nothing.

    >>> import numpy as np
    >>> array = np.zeros(4)
    >>> shared_parts({"observ": array}, {"observ": array[1:]})
    'observ shares its memory with observ'
    >>> shared_parts({"observ": array}, {"observ": array.copy()})
    ''
    """
    held = list(_mutable_parts(old, ""))
    for path, part in _mutable_parts(new, ""):
        for other_path, other in held:
            if part is other:
                return f"{path} is the same object as {other_path}"
            if (
                isinstance(part, np.ndarray)
                and isinstance(other, np.ndarray)
                and part.size
                and np.may_share_memory(part, other)  # Bounds: quick, and close enough.
                and np.shares_memory(part, other)
            ):
                return f"{path} shares its memory with {other_path}"
    return ""


def _mutable_parts(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, np.ndarray):
        if _may_be_written(value):
            yield path, value
    elif isinstance(value, Mapping):
        if path:  # The outermost one only names the parts.
            yield path, value
        for key, part in value.items():
            yield from _mutable_parts(part, f"{path}[{key!r}]" if path else str(key))
    elif isinstance(value, list | tuple):
        if isinstance(value, list):
            yield path, value
        for index, part in enumerate(value):
            yield from _mutable_parts(part, f"{path}[{index}]")


def overwrite(value: Any) -> None:
    """Write nonsense to all arrays of a value, as a careless caller might."""
    for _, part in _mutable_parts(value, ""):
        is_array = isinstance(part, np.ndarray) and part.dtype.kind in "biuf"
        if is_array and part.flags.writeable:
            part[...] = _NONSENSE


def count_bytes(value: Any) -> int:
    """The size of all arrays of a value, in bytes."""
    parts = (part for _, part in _mutable_parts(value, ""))
    return sum(part.nbytes for part in parts if isinstance(part, np.ndarray))


def _may_be_written(array: np.ndarray) -> bool:
    base: Any = array
    while isinstance(base, np.ndarray):
        if base.flags.writeable:
            return True
        base = base.base
    return base is not None  # It views memory of which nothing is known.
