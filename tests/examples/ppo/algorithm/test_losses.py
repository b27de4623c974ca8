import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from examples.ppo.algorithm import losses

SIZES = st.integers(1, 9)


def floats(size, low, high):
    return arrays.arrays(np.float32, size, elements=st.floats(low, high, width=32))


@settings(max_examples=50, deadline=None)
@given(st.data(), SIZES, st.floats(0.05, 0.5))
def test_clip_loss_equals_equation_7(data, size, clip_range):
    """Equals NumPy's: ratios beyond the range earn no more, but cost all the same."""
    ratio = data.draw(floats(size, 0.125, 4))
    advantage = data.draw(floats(size, -5, 5))
    gain = ratio * advantage
    bound = np.where(advantage > 0, 1 + clip_range, 1 - clip_range) * advantage
    expected = -np.where(gain > bound, bound, gain).mean()
    actual = losses.clip_loss(tf.constant(ratio), tf.constant(advantage), clip_range)
    np.testing.assert_allclose(actual, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("ratio", "advantage", "gradient"),
    [(1.0, 2.0, -2), (1.3, 2.0, 0), (0.7, 2.0, -2), (1.3, -2.0, 2), (0.7, -2.0, 0)],
)
def test_clip_loss_stops_pushing_beyond_the_range(ratio, advantage, gradient):
    ratio = tf.constant([ratio])
    with tf.GradientTape() as tape:
        tape.watch(ratio)
        loss = losses.clip_loss(ratio, tf.constant([advantage]), 0.2)
    np.testing.assert_allclose(tape.gradient(loss, ratio), [gradient])


@pytest.mark.parametrize(
    "loss",
    [
        lambda x: losses.clip_loss(tf.exp(x), tf.constant([1.0, -2.0, 3.0]), 0.2),
        lambda x: losses.value_loss(x, tf.constant([1.0, 2.0, -1.0])),
        lambda x: losses.entropy_loss(x**2),
        losses.approximate_kl,
        lambda x: losses.surrogate_loss(tf.exp(x), tf.constant([1.0, -2.0, 3.0])),
        # Below the cutoff, and beyond it.
        lambda x: losses.kl_penalty(x + 0.1, 3.0, 0.1, 2.0, 50.0),
        lambda x: losses.kl_penalty(x + 0.5, 3.0, 0.1, 2.0, 5.0),
    ],
    ids=["clip", "value", "entropy", "kl", "surrogate", "penalty", "cutoff"],
)
def test_gradients_equal_finite_differences(loss):
    point = np.array([0.05, -0.1, 0.12], np.float64)
    with tf.GradientTape() as tape:
        inputs = tf.constant(point, tf.float32)
        tape.watch(inputs)
        value = loss(inputs)
    step = 1e-2
    for index, slope in enumerate(tape.gradient(value, inputs).numpy()):
        shift = step * np.eye(3)[index]
        above, below = (
            float(loss(tf.constant(point + sign * shift, tf.float32)))
            for sign in (1, -1)
        )
        assert slope == pytest.approx((above - below) / (2 * step), abs=2e-3)


@settings(max_examples=25, deadline=None)
@given(st.data(), SIZES)
def test_value_loss_is_the_mean_squared_error(data, size):
    value, target = data.draw(floats(size, -9, 9)), data.draw(floats(size, -9, 9))
    expected = np.square(value - target).mean()
    actual = losses.value_loss(tf.constant(value), tf.constant(target))
    # TensorFlow rounds numbers below the smallest normal one to zero.
    tiny = np.finfo(np.float32).tiny
    np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=tiny)


def test_entropy_loss_rewards_entropy():
    assert float(losses.entropy_loss(tf.constant([1.0, 3.0]))) == -2


@settings(max_examples=25, deadline=None)
@given(st.data(), SIZES)
def test_approximate_kl_is_never_negative(data, size):
    log_ratio = data.draw(floats(size, -3, 3))
    actual = losses.approximate_kl(tf.constant(log_ratio))
    expected = np.mean(np.exp(log_ratio.astype(np.float64)) - 1 - log_ratio)
    np.testing.assert_allclose(actual, expected, rtol=1e-3, atol=1e-6)
    assert actual >= 0


def test_approximate_kl_is_the_divergence_on_average():
    """Over samples of the acting policy its mean is KL(acting || current)."""
    rng = np.random.default_rng(0)
    samples = rng.normal(size=200_000)
    log_ratio = (-((samples - 0.5) ** 2) + samples**2) / 2
    actual = losses.approximate_kl(tf.constant(log_ratio, tf.float32))
    assert float(actual) == pytest.approx(0.5**2 / 2, rel=0.02)


def test_clip_fraction_counts_what_is_outside():
    ratio = tf.constant([0.79, 0.81, 1.0, 1.19, 1.21])
    assert float(losses.clip_fraction(ratio, 0.2)) == pytest.approx(0.4)


@pytest.mark.parametrize(
    ("value", "target", "expected"),
    [
        ([1.0, 2.0, 3.0], [1.0, 2.0, 3.0], 1),
        ([7.0, 8.0, 9.0], [1.0, 2.0, 3.0], 1),  # It is blind to a constant error.
        ([2.0, 2.0, 2.0], [1.0, 2.0, 3.0], 0),
        ([3.0, 2.0, 1.0], [1.0, 2.0, 3.0], -3),
        ([3.0, 2.0, 1.0], [2.0, 2.0, 2.0], 0),
    ],
)
def test_explained_variance(value, target, expected):
    actual = losses.explained_variance(tf.constant(value), tf.constant(target))
    assert float(actual) == pytest.approx(expected)


@settings(max_examples=25, deadline=None)
@given(st.data(), SIZES)
def test_surrogate_loss_has_no_bound(data, size):
    ratio = data.draw(floats(size, 0, 9))
    advantage = data.draw(floats(size, -5, 5))
    actual = losses.surrogate_loss(tf.constant(ratio), tf.constant(advantage))
    expected = -np.mean(ratio.astype(np.float64) * advantage)
    np.testing.assert_allclose(actual, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("kl", "expected"),
    [
        ([0.0, 0.0], 0.0),
        ([0.1, 0.3], 0.2 * 3),
        # A mean of 0.5 is 0.3 above the cutoff of 2 * 0.1.
        ([0.2, 0.8], 0.5 * 3 + 7 * 0.3**2),
    ],
)
def test_kl_penalty_by_hand(kl, expected):
    actual = losses.kl_penalty(tf.constant(kl), 3.0, 0.1, 2.0, 7.0)
    assert float(actual) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("kl", "factor"),
    [
        (0.0, 1 / 1.5),
        (0.0069, 1 / 1.5),
        (0.0071, 1),
        (0.01, 1),
        (0.0129, 1),
        (0.0131, 1.5),
        (9.0, 1.5),
    ],
)
def test_penalty_is_adapted_outside_of_a_range_around_the_target(kl, factor):
    actual = losses.adapt_penalty(tf.constant(4.0), tf.constant(kl), 0.01)
    assert float(actual) == pytest.approx(4 * factor)


@pytest.mark.parametrize("bound", [1.3, 0.7])
def test_penalty_stays_at_the_bounds_of_the_range(bound):
    actual = losses.adapt_penalty(tf.constant(4.0), tf.constant(bound), 1.0)
    assert float(actual) == 4
