import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from rltools.errors import InvalidArgumentError
from rltools.in_graph import StreamingMean


def batches(dtype):
    numbers = st.floats(-1e6, 1e6, width=np.dtype(dtype).itemsize * 8)
    shapes = hnp.array_shapes(min_dims=0, max_dims=2, max_side=3)

    def of_shape(shape):
        sizes = st.one_of(st.none(), st.integers(0, 4))
        batch = sizes.flatmap(
            lambda size: hnp.arrays(
                dtype, shape if size is None else (size, *shape), elements=numbers
            )
        )
        return st.tuples(st.just(shape), st.lists(batch, max_size=5))

    return shapes.flatmap(of_shape)


def all_values(shape, submitted):
    return np.concatenate(
        [np.zeros((0, *shape)), *[np.reshape(x, (-1, *shape)) for x in submitted]]
        if np.prod(shape)
        else [np.zeros((0, *shape))]
    ).astype(np.float64)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@given(data=st.data())
@settings(max_examples=30, deadline=None)
def test_equals_numpy_whatever_the_batches(dtype, data):
    """Oracle: the mean is NumPy's over all values, one by one or in batches."""
    shape, submitted = data.draw(batches(dtype))
    mean = StreamingMean(shape, dtype)
    for value in submitted:
        mean.submit(value)
    values = all_values(shape, submitted)
    assert int(mean.count) == len(values)
    assert mean.value.dtype == dtype
    assert mean.value.shape == shape
    if len(values):
        np.testing.assert_allclose(mean.value, values.mean(0), rtol=1e-5, atol=1e-2)


@pytest.mark.parametrize("shape", [(), (2, 3)])
def test_mean_of_nothing_is_nan(shape):
    mean = StreamingMean(shape, tf.float32)
    assert np.isnan(mean.value).all()
    assert mean.value.shape == shape
    mean.submit(tf.zeros([0, *shape]))
    assert np.isnan(mean.clear()).all()
    assert int(mean.count) == 0


def test_clear_returns_the_mean_and_starts_anew():
    mean = StreamingMean((), tf.float32)
    mean.submit([1.0, 2.0, 6.0])
    assert float(mean.clear()) == 3.0
    assert int(mean.count) == 0
    mean.submit(5.0)
    assert (float(mean.value), int(mean.count)) == (5.0, 1)


def test_runs_in_a_function_in_program_order():
    mean = StreamingMean((2,), tf.float32)
    traces = []

    @tf.function
    def run(batch):
        traces.append(None)
        mean.submit(batch)
        before = mean.clear()
        mean.submit(batch[0])
        return before, mean.value, mean.count

    for offset in range(3):
        batch = np.array([[0, 1], [2, 3]], np.float32) + offset
        before, after, count = run(tf.constant(batch))
        expected = [1, 2] if offset == 0 else (2 * batch.mean(0) + batch[0] - 1) / 3
        np.testing.assert_allclose(before, expected)
        np.testing.assert_allclose(after, batch[0])
        assert int(count) == 1
    assert len(traces) == 1


def test_long_streams_of_float32_lose_nothing():
    mean = StreamingMean((), tf.float32)
    mean.submit(2.0**24)
    for _ in range(7):
        mean.submit(1.0)  # Vanishes in a float32 sum.
    mean.submit(-(2.0**24))
    assert float(mean.value) == pytest.approx(7 / 9)


def test_does_not_hide_a_nan():
    mean = StreamingMean((), tf.float32)
    mean.submit([1.0, np.nan])
    assert np.isnan(mean.value)
    assert int(mean.count) == 2


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (np.zeros(2), "dtype float32, got float64"),
        (None, r"converts to one, got None \(NoneType\)"),
        (np.zeros(3, np.float32), r"shape \(2,\).*got shape \(3,\)"),
        (np.zeros((2, 3), np.float32), r"got shape \(2, 3\)"),
        (np.zeros((1, 1, 2), np.float32), r"got shape \(1, 1, 2\)"),
        (np.float32(1), r"got shape \(\)"),
    ],
)
def test_refuses_other_values(value, message):
    with pytest.raises(InvalidArgumentError, match=message):
        StreamingMean((2,), tf.float32).submit(value)


def test_refuses_dtypes_without_means_and_open_shapes():
    with pytest.raises(InvalidArgumentError, match="floating point, got int32"):
        StreamingMean((), tf.int32)
    with pytest.raises(InvalidArgumentError, match=r"fully defined, got \(None,\)"):
        StreamingMean((None,), tf.float32)
