"""Spaces and values whose numbers have at most 32 bits."""

import collections
from collections.abc import Mapping
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces

from rltools.errors import InvalidObservationError, InvalidSpaceError
from rltools.space_checks import describe


def to_32_bit_space(space: gym.Space[Any], path: str) -> gym.Space[Any]:
    """Replace 64-bit numbers in a space by 32-bit numbers of the same kind.

    Args:
        space: `Box`, `Discrete`, `MultiDiscrete`, `MultiBinary`, `Text`, or a `Dict` or
            `Tuple` of such. Bounds of a `Box` that 32 bits can't represent become the
            outermost that they can, and infinite for floats.
        path: What to call the space in errors.

    Returns:
        A space of the same structure. Parts that have no 64-bit numbers are the same
        objects.

    Raises:
        InvalidSpaceError: It has a part of another type, or one whose values are all,
            or in the case of `Discrete` and `MultiDiscrete` partly, out of range.
    """
    if isinstance(space, spaces.Dict):
        return spaces.Dict(
            collections.OrderedDict(
                (key, to_32_bit_space(part, f"{path}[{key!r}]"))
                for key, part in space.spaces.items()
            )
        )
    if isinstance(space, spaces.Tuple):
        return spaces.Tuple(
            [to_32_bit_space(p, f"{path}[{i}]") for i, p in enumerate(space.spaces)]
        )
    if isinstance(space, spaces.Text | spaces.MultiBinary):
        return space
    if not isinstance(space, spaces.Box | spaces.Discrete | spaces.MultiDiscrete):
        raise InvalidSpaceError(
            f"{path}: expected a Box, Discrete, MultiDiscrete, MultiBinary, Text, or a "
            f"Dict or Tuple of such, got {space}."
        )
    dtype = _narrow(np.dtype(space.dtype))
    if dtype == space.dtype:
        return space
    if isinstance(space, spaces.Box):
        return _narrow_box(space, dtype, path)
    first, count = (
        (space.start, space.n)
        if isinstance(space, spaces.Discrete)
        else (space.start, space.nvec)
    )
    last = np.asarray(first).astype(object) + np.asarray(count).astype(object) - 1
    largest = max(np.max(last), int(np.max(count)))
    if np.min(first) < np.iinfo(dtype).min or largest > np.iinfo(dtype).max:
        raise InvalidSpaceError(
            f"{path}: expected values that fit {dtype}, got {space}."
        )
    if isinstance(space, spaces.Discrete):
        return spaces.Discrete(int(space.n), start=int(space.start), dtype=dtype.type)
    return spaces.MultiDiscrete(space.nvec, dtype=dtype.type, start=space.start)


def to_32_bit_value(space: gym.Space[Any], value: Any, path: str) -> Any:
    """Convert a value to a space that `to_32_bit_space` returned.

    Args:
        space: The space to convert to.
        value: Element of the original space. Floats may lose precision.
        path: What to call the value in errors.

    Returns:
        The value with arrays of the dtypes of the space, NumPy integers for `Discrete`.

    Raises:
        InvalidObservationError: A part is not finite, has another shape, is a float
            where the space has integers, or is too large for 32 bits.
    """
    if isinstance(space, spaces.Dict):
        if not isinstance(value, Mapping) or set(value) != set(space.spaces):
            raise InvalidObservationError(
                f"{path}: expected a dict with keys {list(space.spaces)}, "
                f"got {describe(value)}."
            )
        return {
            key: to_32_bit_value(part, value[key], f"{path}[{key!r}]")
            for key, part in space.spaces.items()
        }
    if isinstance(space, spaces.Tuple):
        if not isinstance(value, tuple) or len(value) != len(space.spaces):
            raise InvalidObservationError(
                f"{path}: expected a tuple of {len(space.spaces)}, "
                f"got {describe(value)}."
            )
        return tuple(
            to_32_bit_value(part, item, f"{path}[{index}]")
            for index, (part, item) in enumerate(zip(space.spaces, value, strict=True))
        )
    if isinstance(space, spaces.Text):
        return value
    array = _narrow_array(np.asarray(value), np.dtype(space.dtype), space, path)
    return array[()] if isinstance(space, spaces.Discrete) else array


def _narrow(dtype: np.dtype) -> np.dtype:
    return np.dtype(f"{dtype.kind}4") if dtype.itemsize > 4 else dtype


def _narrow_box(space: spaces.Box, dtype: np.dtype, path: str) -> spaces.Box:
    if dtype.kind == "f":
        with np.errstate(over="ignore"):
            low, high = space.low.astype(dtype), space.high.astype(dtype)
        is_empty = (low == np.inf) | (high == -np.inf)
    else:
        info = np.iinfo(dtype)
        low = np.asarray(np.clip(space.low, info.min, info.max), dtype)
        high = np.asarray(np.clip(space.high, info.min, info.max), dtype)
        is_empty = (space.low > info.max) | (space.high < info.min)
    if is_empty.any():
        raise InvalidSpaceError(
            f"{path}: expected values that fit {dtype}, got {space}."
        )
    return spaces.Box(low, high, space.shape, dtype.type)


def _narrow_array(
    array: np.ndarray, dtype: np.dtype, space: gym.Space[Any], path: str
) -> np.ndarray:
    kinds = "fiub" if dtype.kind == "f" else "iub"
    if array.shape != space.shape or array.dtype.kind not in kinds:
        raise InvalidObservationError(
            f"{path}: expected numbers of shape {space.shape} that fit {dtype}, "
            f"got {describe(array)}."
        )
    with np.errstate(over="ignore"):
        result = array.astype(dtype)
    fits = np.isfinite(result) if dtype.kind == "f" else result == array
    if not fits.all():
        index = tuple(int(i) for i in np.argwhere(~fits)[0])
        place = f"{path}[{', '.join(map(str, index))}]" if index else path
        raise InvalidObservationError(
            f"{place}: expected a finite number that fits {dtype}, got {array[index]}."
        )
    return result
