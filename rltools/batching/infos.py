"""Infos of single environments, stacked as Gymnasium's vector environments do.

For every key there is an array with an entry for each environment, and under the key
with an underscore before it a boolean mask of the environments that had the key.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

# Observations are kept as they are: what is in them need not stack.
_KEPT_WHOLE = {"final_obs"}
# Those of which every list makes an array of the same type.
_NUMBERS = {bool, float, np.bool_, np.float32, np.float64, np.int32, np.int64}


def stack_infos(infos: Mapping[int, Mapping[str, Any]], count: int) -> dict[str, Any]:
    """Stack the infos of a batch.

    Values that are numbers or flags of one type, or arrays of one shape and dtype,
    stack to an array of that type with zeros where an environment lacks the key. Dicts
    are stacked recursively. Everything else is kept in an array of objects with None
    where the key is lacking: nothing is cast.

    Args:
        infos: The info of each environment that has one, by environment index.
        count: The number of environments.

    Returns:
        A dictionary from key to array `(count, ...)`, and from `_key` to the mask of
        shape `(count,)`.

    >>> stack_infos({1: {"lives": 3}}, 2)
    {'lives': array([0, 3]), '_lives': array([False,  True])}
    """
    if infos and len(infos) == count:
        rows = [infos[index] for index in range(count)]
        keys = rows[0].keys()
        if all(info.keys() == keys for info in rows):
            return _stack_equal_keys(rows)
    by_key: dict[str, dict[int, Any]] = {}
    for index, info in infos.items():
        for key, value in info.items():
            by_key.setdefault(key, {})[index] = value
    stacked: dict[str, Any] = {}
    for key, values in by_key.items():
        stacked[key] = _stack(key, values, count)
        mask = np.zeros(count, np.bool_)
        mask[list(values)] = True
        stacked[f"_{key}"] = mask
    return stacked


def _stack_equal_keys(infos: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Stack the infos of all environments, as most steps have them: in less time."""
    count = len(infos)
    stacked: dict[str, Any] = {}
    for key in infos[0]:
        values = [info[key] for info in infos]
        kinds = set(map(type, values))
        if len(kinds) == 1 and kinds <= _NUMBERS and key not in _KEPT_WHOLE:
            stacked[key] = np.array(values)
        else:
            stacked[key] = _stack(key, dict(enumerate(values)), count)
        stacked[f"_{key}"] = np.ones(count, np.bool_)
    return stacked


def _stack(key: str, values: dict[int, Any], count: int) -> Any:
    examples = list(values.values())
    if key not in _KEPT_WHOLE:
        if all(isinstance(value, Mapping) for value in examples):
            return stack_infos(values, count)
        if _stack_alike(examples):
            array = np.zeros(
                (count, *np.shape(examples[0])), np.asarray(examples).dtype
            )
            array[list(values)] = examples
            return array
    array = np.full(count, None, object)
    for index, value in values.items():
        array[index] = value
    return array


def _stack_alike(values: list[Any]) -> bool:
    first = values[0]
    if isinstance(first, np.ndarray):
        return all(
            isinstance(value, np.ndarray)
            and value.dtype == first.dtype
            and value.shape == first.shape
            for value in values
        )
    is_number = isinstance(first, bool | int | float | np.bool_ | np.number)
    return is_number and all(type(value) is type(first) for value in values)
