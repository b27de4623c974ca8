"""Tells two nested values apart leaf by leaf: where, what was expected, what came."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from gymnasium.spaces import GraphInstance

from rltools.space_checks import describe


def differences(expected: Any, got: Any, path: str) -> list[str]:
    """Compare two nested values down to types, shapes, dtypes and every value.

    Two NaN are equal, and so are two objects that say so of themselves. Floats are
    compared as numbers: 0.0 equals -0.0.

    Args:
        expected: What it should be: any nesting of mappings, tuples and lists, with
            arrays, numbers, strings or other objects as leaves.
        got: What it is.
        path: What to call the value, such as `"observ"`. Leaves extend it, as in
            `observ['arm'][0]`.

    Returns:
        A line for every leaf that differs; empty if none does.

    >>> import numpy as np
    >>> differences({"a": (1, np.zeros(3))}, {"a": (1, np.array([0, 0.5, 2]))}, "x")
    ["x['a'][1][1]: expected 0.0, got 0.5 (and 1 more of 3 values)"]
    >>> differences(np.zeros(3, np.float32), np.zeros(2), "x")
    ['x: expected array of shape (3,) and dtype float32, got array of shape (2,) and \
dtype float64']
    """
    return list(_compare(expected, got, path))


def _compare(expected: Any, got: Any, path: str) -> Iterator[str]:
    if isinstance(expected, GraphInstance) and isinstance(got, GraphInstance):
        expected, got = expected._asdict(), got._asdict()
    if isinstance(expected, Mapping) and isinstance(got, Mapping):
        yield from _compare_mappings(expected, got, path)
    elif isinstance(expected, tuple | list) and type(expected) is type(got):
        if len(expected) != len(got):
            yield f"{path}: expected {len(expected)} items, got {len(got)}"
        for index, (left, right) in enumerate(zip(expected, got, strict=False)):
            yield from _compare(left, right, f"{path}[{index}]")
    elif isinstance(expected, np.ndarray) and isinstance(got, np.ndarray):
        yield from _compare_arrays(expected, got, path)
    elif type(expected) is not type(got) or not _equal(expected, got):
        yield f"{path}: expected {describe(expected)}, got {describe(got)}"


def _compare_mappings(
    expected: Mapping[Any, Any], got: Mapping[Any, Any], path: str
) -> Iterator[str]:
    for key in expected.keys() - got.keys():
        yield f"{path}[{key!r}]: expected {describe(expected[key])}, got nothing"
    for key in got.keys() - expected.keys():
        yield f"{path}[{key!r}]: expected nothing, got {describe(got[key])}"
    for key in expected:
        if key in got:
            yield from _compare(expected[key], got[key], f"{path}[{key!r}]")


def _compare_arrays(expected: np.ndarray, got: np.ndarray, path: str) -> Iterator[str]:
    if expected.shape != got.shape or expected.dtype != got.dtype:
        yield f"{path}: expected {describe(expected)}, got {describe(got)}"
        return
    if expected.dtype == object:
        for index in np.ndindex(expected.shape):
            place = f"{path}[{', '.join(map(str, index))}]"
            yield from _compare(expected[index], got[index], place)
        return
    same = expected == got
    if expected.dtype.kind in "fcmM":
        same |= (expected != expected) & (got != got)  # Both are NaN, or no time.
    if np.all(same):
        return
    wrong = np.argwhere(~np.asarray(same))
    index = tuple(wrong[0].tolist())
    place = f"{path}[{', '.join(map(str, index))}]" if index else path
    rest = f" (and {len(wrong) - 1} more of {same.size} values)" * (len(wrong) > 1)
    yield f"{place}: expected {expected[index]}, got {got[index]}{rest}"


def _equal(expected: Any, got: Any) -> bool:
    if expected is got:
        return True
    try:
        return bool(expected == got) or bool(expected != expected and got != got)
    except Exception:  # What can't be compared can't be called equal.
        return False
