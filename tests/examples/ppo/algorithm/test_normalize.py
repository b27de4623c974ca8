import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from examples.ppo.algorithm.normalize import StreamingNormalize


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.integers(1, 9), min_size=1, max_size=6),
    arrays.array_shapes(min_dims=0, max_dims=2, max_side=3),
    st.integers(0, 2**32 - 1),
    st.floats(-1e3, 1e3),
    st.floats(1e-2, 1e3),
)
def test_equals_numpy_over_all_batches_joined(sizes, shape, seed, offset, spread):
    """However values are split into batches, the statistics are those of all."""
    rng = np.random.default_rng(seed)
    batches = [
        rng.normal(offset, spread, (size, *shape)).astype(np.float32) for size in sizes
    ]
    normalize = StreamingNormalize(shape)
    for batch in batches:
        normalize.update(tf.constant(batch))
    joined = np.concatenate(batches).astype(np.float64)
    scale = abs(offset) + spread
    assert normalize.count.numpy() == len(joined)
    np.testing.assert_allclose(normalize.mean, joined.mean(0), atol=1e-5 * scale)
    np.testing.assert_allclose(normalize.stddev, joined.std(0), atol=1e-3 * scale)


def test_first_values_are_only_clipped():
    values = tf.constant([-20.0, -3.0, 0.0, 5.0, 20.0])
    normalize = StreamingNormalize((), clip=10.0)
    np.testing.assert_allclose(normalize.transform(values), [-10, -3, 0, 5, 10])


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, [-3, 0, 1, 10]),
        ({"center": False}, [-0.5, 2.5, 3.5, 10]),
        ({"scale": False}, [-6, 0, 2, 10]),
        ({"clip": None}, [-3, 0, 1, 1000]),
        ({"clip": 0.5}, [-0.5, 0, 0.5, 0.5]),
        ({"center": False, "scale": False, "clip": None}, [-1, 5, 7, 2005]),
    ],
)
def test_options(options, expected):
    normalize = StreamingNormalize((), **options)
    normalize.update(tf.constant([3.0, 7.0]))  # Mean 5, standard deviation 2.
    actual = normalize.transform(tf.constant([-1.0, 5.0, 7.0, 2005.0]))
    np.testing.assert_allclose(actual, expected, rtol=1e-6)


@pytest.mark.parametrize("center", [False, True])
@pytest.mark.parametrize("scale", [False, True])
@pytest.mark.parametrize("clip", [None, 2.0])
def test_what_is_frozen_does_the_same_for_arrays(center, scale, clip):
    """To the bit, and by the statistics that there were."""
    normalize = StreamingNormalize((3,), center=center, scale=scale, clip=clip)
    rng = np.random.default_rng(0)
    draw = lambda rows: rng.normal(3, 7, (rows, 3)).astype(np.float32)  # noqa: E731
    normalize.update(tf.constant(draw(50)))
    values = draw(20)
    expected = normalize.transform(tf.constant(values)).numpy()
    frozen = normalize.frozen()
    normalize.update(tf.constant(draw(50)))
    actual = frozen(values)
    np.testing.assert_array_equal(actual, expected)
    assert actual.dtype == np.float32


def test_transform_leaves_the_statistics_alone():
    normalize = StreamingNormalize((2,))
    normalize.update(tf.random.normal([5, 2]))
    before = [variable.numpy() for variable in normalize.variables]
    normalize.transform(tf.random.normal([3, 4, 2]))
    for variable, value in zip(normalize.variables, before, strict=True):
        np.testing.assert_array_equal(variable, value)


def test_elements_that_never_vary_become_zero():
    normalize = StreamingNormalize((2,))
    normalize.update(tf.constant([[3.0, 1.0], [3.0, 2.0]]))
    np.testing.assert_array_equal(
        normalize.transform(tf.constant([[3.0, 1.5]])), [[0, 0]]
    )


def test_counts_exactly_beyond_what_float32_can():
    normalize = StreamingNormalize(())
    normalize._count.assign(2**24)
    normalize.update(tf.constant([1.0]))
    assert normalize.count.numpy() == 2**24 + 1
