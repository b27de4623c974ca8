"""Boxes of any dtype and shape, bounded or not."""

from typing import Any

import numpy as np
from gymnasium import spaces
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from hypothesis.strategies import DrawFn, SearchStrategy

from rltools.strategies.bounded_array import bounded_arrays

DTYPES = (
    *(np.float32, np.float64, np.float16, np.bool_),
    *(np.uint8, np.int8, np.int16, np.int32, np.int64, np.uint16, np.uint32, np.uint64),
)


@st.composite
def boxes(draw: DrawFn, shapes: SearchStrategy[tuple[int, ...]]) -> spaces.Box:
    """Draw a box of any dtype, with a bound for all values or one for each.

    Args:
        draw: Provided by Hypothesis.
        shapes: Strategy for the shape.

    Returns:
        The box. Booleans and unsigned integers are always bounded, as Gymnasium has it.
    """
    shape = draw(shapes)
    dtype = np.dtype(draw(st.sampled_from(DTYPES)))
    limits = _bound_limits(dtype)
    bound_shape = draw(st.sampled_from([(), shape]))  # One for all, or one for each.
    bounds = bounded_arrays(
        *[np.full(bound_shape, limit, dtype=dtype) for limit in limits]
    )
    first, second = draw(bounds), draw(bounds)
    low: Any = np.broadcast_to(np.minimum(first, second), shape).copy()
    high: Any = np.broadcast_to(np.maximum(first, second), shape).copy()
    if dtype.kind == "f":
        low[draw(npst.arrays(bool, shape))] = -np.inf
        high[draw(npst.arrays(bool, shape))] = np.inf
    if dtype.kind == "i":  # Gymnasium marks these as unbounded only if given a scalar.
        low = -np.inf if draw(st.booleans()) else low
        # With eight bytes, a batch of it could not be sampled any more: it overflows.
        high = np.inf if dtype.itemsize < 8 and draw(st.booleans()) else high
    return spaces.Box(low, high, shape, dtype.type)


def _bound_limits(dtype: np.dtype[Any]) -> tuple[Any, Any]:
    """Smallest and largest bound, such that `Box.sample` can't overflow."""
    if dtype.kind == "b":
        return False, True
    if dtype.kind == "f":
        return -1000, 1000
    info = np.iinfo(dtype)
    return max(info.min, -(2**31)), min(info.max, 2**31)
