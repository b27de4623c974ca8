"""bounded_arrays: every value between the bounds at its own place."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from rltools.strategies.bounded_array import bounded_arrays

DTYPES = [np.float16, np.float32, np.float64, np.bool_, np.int8, np.uint64, np.int64]


@given(st.data(), st.sampled_from(DTYPES), npst.array_shapes(min_dims=0, min_side=0))
def test_values_are_between_their_bounds(data, dtype, shape):
    """Law: low <= drawn <= high at every index, with the shape and dtype of both."""
    finite = npst.from_dtype(np.dtype(dtype), allow_nan=False, allow_subnormal=False)
    bounds = npst.arrays(dtype, shape, elements=finite)
    first, second = data.draw(bounds), data.draw(bounds)
    low, high = np.minimum(first, second), np.maximum(first, second)
    # Nothing finite is between two infinities of the same sign.
    low = np.where(low == np.inf, 0, low).astype(dtype)
    high = np.where(high == -np.inf, 0, high).astype(dtype)
    drawn = data.draw(bounded_arrays(low, high))
    assert drawn.shape == shape
    assert drawn.dtype == dtype
    assert ((low <= drawn) & (drawn <= high)).all()
    assert np.isfinite(drawn).all()


@pytest.mark.parametrize("dtype", DTYPES)
def test_equal_bounds_leave_one_array(dtype):
    only = np.array([[1, 0], [0, 1]], dtype)

    @given(bounded_arrays(only, only))
    def check(drawn):
        assert np.array_equal(drawn, only)

    check()
