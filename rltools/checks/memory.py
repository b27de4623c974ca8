"""Finds memory and containers that two returned values have in common."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np


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
