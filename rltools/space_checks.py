"""Says whether a value is an element of a space and, if not, where and why not.

`Space.contains` answers yes or no. An error message needs the path of the offending
leaf, what was expected there and what was found, which is what this module adds.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from gymnasium import spaces

_Problem = str | None


def explain_mismatch(space: spaces.Space, value: Any, path: str) -> _Problem:
    """Explain why a value is not an element of a space.

    A batch is checked in one go by passing the batched space.

    Args:
        space: Any Gymnasium space.
        value: The value to judge. Arrays are judged by their own dtype: one that can't
            be cast to the space's without loss (`numpy.can_cast`) is a mismatch, but
            for a MultiBinary any integers are taken.
        path: What to call the value in the message, such as `"action"`. Leaves of
            nested spaces extend it: `action['arm'][0]`.

    Returns:
        None if the value is in the space, otherwise one line that says where it
        differs, what was expected and what was found.
    """
    if isinstance(space, spaces.Dict):
        return _explain_dict(space, value, path)
    if isinstance(space, spaces.Tuple):
        return _explain_tuple(space, value, path)
    if isinstance(space, spaces.Discrete):
        return _explain_discrete(space, value, path)
    if isinstance(space, spaces.Box):
        return _explain_array(value, path, space, space.low, space.high)
    if isinstance(space, spaces.MultiDiscrete):
        high = space.start + space.nvec - 1
        return _explain_array(value, path, space, space.start, high)
    if isinstance(space, spaces.MultiBinary):
        return _explain_array(value, path, space, 0, 1)
    if space.contains(value):
        return None
    return f"{path}: expected an element of {space}, got {describe(value)}"


def describe(value: Any) -> str:
    """Describe a value in a few words: its type and, for arrays, shape and dtype.

    >>> import numpy as np
    >>> describe(np.zeros((2, 3), np.float32))
    'array of shape (2, 3) and dtype float32'
    >>> describe(-1)
    '-1 (int)'
    """
    if isinstance(value, np.ndarray):
        return f"array of shape {value.shape} and dtype {value.dtype}"
    text = repr(value)
    text = text if len(text) <= 60 else text[:57] + "..."
    return f"{text} ({type(value).__name__})"


def _explain_dict(space: spaces.Dict, value: Any, path: str) -> _Problem:
    if not isinstance(value, Mapping):
        return f"{path}: expected a dict, got {describe(value)}"
    missing = [key for key in space.spaces if key not in value]
    extra = [key for key in value if key not in space.spaces]
    if missing or extra:
        return (
            f"{path}: expected keys {list(space.spaces)}, got {list(value)} "
            f"(missing: {missing}, extra: {extra})"
        )
    for key, part in space.spaces.items():
        if problem := explain_mismatch(part, value[key], f"{path}[{key!r}]"):
            return problem
    return None


def _explain_tuple(space: spaces.Tuple, value: Any, path: str) -> _Problem:
    if not isinstance(value, tuple):
        return f"{path}: expected a tuple, got {describe(value)}"
    if len(value) != len(space.spaces):
        return f"{path}: expected {len(space.spaces)} items, got {len(value)}"
    for index, (part, item) in enumerate(zip(space.spaces, value, strict=True)):
        if problem := explain_mismatch(part, item, f"{path}[{index}]"):
            return problem
    return None


def _explain_discrete(space: spaces.Discrete, value: Any, path: str) -> _Problem:
    first, last = int(space.start), int(space.start + space.n - 1)
    expected = f"an integer from {first} to {last}"
    if isinstance(value, np.ndarray | np.generic):
        is_integer = value.shape == () and np.issubdtype(value.dtype, np.integer)
    else:
        is_integer = isinstance(value, int) and not isinstance(value, bool)
    if not is_integer or not first <= int(value) <= last:
        return f"{path}: expected {expected}, got {describe(value)}"
    return None


def _explain_array(
    value: Any, path: str, space: spaces.Space, low: Any, high: Any
) -> _Problem:
    shape, dtype = space.shape, np.dtype(space.dtype)
    if not isinstance(value, np.ndarray | np.generic):
        expected = f"an array of shape {shape} and dtype {dtype}"
        return f"{path}: expected {expected}, got {describe(value)}"
    if value.shape != shape:
        return f"{path}: expected shape {shape}, got {value.shape}"
    if not _can_hold(space, value.dtype):
        return f"{path}: expected dtype {dtype}, got {value.dtype}"
    # Written so that NaN, which compares false with everything, is outside.
    inside = (value >= low) & (value <= high)
    if inside.all():
        return None
    index = tuple(int(i) for i in np.argwhere(~inside)[0])
    lower = np.broadcast_to(low, value.shape)[index]
    upper = np.broadcast_to(high, value.shape)[index]
    place = f"{path}[{', '.join(map(str, index))}]" if index else path
    found = np.asarray(value)[index]
    return f"{place}: expected a value from {lower} to {upper}, got {found}"


def _can_hold(space: spaces.Space, dtype: np.dtype[Any]) -> bool:
    # Zeros and ones are such in any integer dtype, as `MultiBinary.contains` has it.
    is_binary = isinstance(space, spaces.MultiBinary) and dtype.kind in "iu"
    return is_binary or np.can_cast(dtype, np.dtype(space.dtype))
