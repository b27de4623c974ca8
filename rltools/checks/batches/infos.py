"""Tells the infos of a batch from those of its environments."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from rltools.checks.difference import differences
from rltools.space_checks import describe

_FINAL = {"final_obs", "final_info", "_final_obs", "_final_info"}


def without_final(infos: Mapping[str, Any]) -> dict[str, Any]:
    """The infos of a batch but for those of ended episodes."""
    return {key: value for key, value in infos.items() if key not in _FINAL}


def info_differences(
    expected: Sequence[Mapping[str, Any]], got: Any, path: str
) -> Iterator[str]:
    """Compare infos of a batch with those of its environments, value by value.

    Under each key there must be an array with an entry for each environment, or a dict
    of such arrays, and under the key with an underscore before it the mask of those
    that have the key. An array may have any dtype that holds its values.

    Args:
        expected: The info of each environment.
        got: The infos of the batch.
        path: What to call them.

    Yields:
        A line for every entry that is wrong, lacking or too much.
    """
    if not isinstance(got, Mapping):
        yield f"{path}: expected a dict, got {describe(got)}"
        return
    count = len(expected)
    keys = dict.fromkeys(key for info in expected for key in info)
    masks = {f"_{key}" for key in [*keys, *got]}
    for key in got:
        if key not in keys and key not in masks:
            hint = ""
            if path.endswith("info"):  # Not within an info.
                hint = f"; if the batch adds it by itself, say extra_infos=[{key!r}]"
            yield f"{path}[{key!r}]: expected nothing, got {describe(got[key])}{hint}"
    for key in keys:
        has = [key in info for info in expected]
        if key not in got:
            yield f"{path}[{key!r}]: expected entries for {_where(has)}, got nothing"
            continue
        mask = got.get(f"_{key}")
        place = f"{path}['_{key}']"
        if not isinstance(mask, np.ndarray) or mask.dtype != np.bool_:
            yield f"{place}: expected a boolean mask, got {describe(mask)}"
        elif mask.shape != (count,) or mask.tolist() != has:
            yield f"{place}: expected {has}, got {mask.tolist()}"
        yield from _compare_entries(expected, key, got[key], f"{path}[{key!r}]")


def _compare_entries(
    expected: Sequence[Mapping[str, Any]], key: str, got: Any, path: str
) -> Iterator[str]:
    if isinstance(got, Mapping):
        values = [info.get(key, {}) for info in expected]
        wrong = [value for value in values if not isinstance(value, Mapping)]
        if wrong:
            yield f"{path}: expected entries such as {describe(wrong[0])}, got a dict"
        else:
            yield from info_differences(values, got, path)
        return
    if not isinstance(got, np.ndarray | list | tuple) or len(got) != len(expected):
        yield f"{path}: expected {len(expected)} entries, got {describe(got)}"
        return
    for index, info in enumerate(expected):
        if key in info:
            yield from _compare_values(info[key], got[index], f"{path}[{index}]")


def _compare_values(expected: Any, got: Any, path: str) -> Iterator[str]:
    numbers = bool | int | float | complex | np.number | np.bool_
    if isinstance(expected, numbers) and isinstance(got, numbers):
        if expected != got and (expected == expected or got == got):  # No NaN.
            yield f"{path}: expected {describe(expected)}, got {describe(got)}"
    else:
        yield from differences(expected, got, path)


def _where(has: Sequence[bool]) -> str:
    return f"environments {[index for index, value in enumerate(has) if value]}"
