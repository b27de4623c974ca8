"""Says where two nested values differ."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from rltools.space_checks import describe


def explain_difference(expected: Any, got: Any, path: str) -> str | None:
    """Explain where a value differs from what was expected.

    Numbers and arrays are compared by shape and value, whatever their dtype; NaN is
    equal to NaN.

    Args:
        expected: A value: dicts, tuples and lists of anything, nested or not.
        got: The value to compare with it.
        path: What to call the value in the message, such as `"action"`.

    Returns:
        None if they are equal, otherwise one line that says where they first differ,
        what was expected and what was found.

    >>> explain_difference({"arm": (1, 2)}, {"arm": (1, 3)}, "action")
    "action['arm'][1]: expected 2 (int), got 3 (int)"
    """
    if isinstance(expected, Mapping) and isinstance(got, Mapping):
        if set(expected) != set(got):
            return f"{path}: expected keys {list(expected)}, got {list(got)}"
        pairs = [(f"[{key!r}]", value, got[key]) for key, value in expected.items()]
    elif isinstance(expected, tuple | list) and isinstance(got, tuple | list):
        if len(expected) != len(got):
            return f"{path}: expected {len(expected)} items, got {len(got)}"
        parts = enumerate(zip(expected, got, strict=True))
        pairs = [(f"[{index}]", *both) for index, both in parts]
    elif _is_numeric(expected) and _is_numeric(got):
        return _explain_arrays(np.asarray(expected), np.asarray(got), path)
    else:
        is_same = type(expected) is type(got) and bool(expected == got)
        return None if is_same else _report(path, describe(expected), describe(got))
    for key, value, other in pairs:
        if problem := explain_difference(value, other, f"{path}{key}"):
            return problem
    return None


def _explain_arrays(expected: np.ndarray, got: np.ndarray, path: str) -> str | None:
    if expected.shape != got.shape:
        return f"{path}: expected shape {expected.shape}, got {got.shape}"
    differs = (expected != got) & ((expected == expected) | (got == got))
    if not differs.any():
        return None
    index = tuple(int(i) for i in np.argwhere(differs)[0])
    place = f"{path}[{', '.join(map(str, index))}]" if index else path
    return _report(place, *(describe(each[index].item()) for each in (expected, got)))


def _is_numeric(value: Any) -> bool:
    return isinstance(value, np.ndarray | np.generic | int | float) and (
        np.asarray(value).dtype.kind in "biufc"
    )


def _report(path: str, expected: str, got: str) -> str:
    return f"{path}: expected {expected}, got {got}"
