import itertools

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from examples.ppo.algorithm.distributions import (
    Categorical,
    DiagonalNormal,
    Mixed,
    define_distribution,
)

COUNT = 100_000
LOGITS = [0.1, 0.6, 0.3, 0.25, 0.75]  # Logarithms of these, of two choices.
CATEGORIES = (3, 2)


def generator(seed=0):
    return tf.random.Generator.from_seed(seed)


def density(x, mean, std):
    return np.exp(-(((x - mean) / std) ** 2) / 2) / (std * np.sqrt(2 * np.pi))


def normal(mean, std, rows=1):
    return DiagonalNormal(tf.tile([mean], [rows, 1]), tf.math.log(std))


def choices(probabilities, categories, rows=1):
    # A constant on all logits of a choice changes nothing.
    logits = (
        tf.math.log(probabilities) + tf.repeat([5.0, -3.0], [3, 2])[: sum(categories)]
    )
    return Categorical(tf.tile([logits], [rows, 1]), categories)


def mixed(rows=1):
    return Mixed(
        normal([1.0, -2.0], [0.5, 3.0], rows), choices(LOGITS, CATEGORIES, rows)
    )


class TestDiagonalNormal:
    def test_log_prob_is_that_of_independent_normals(self):
        rng = np.random.default_rng(0)
        mean, action = rng.normal(size=(2, 4, 5, 3)).astype(np.float32)
        log_std = rng.normal(size=3).astype(np.float32)
        distribution = DiagonalNormal(tf.constant(mean), tf.constant(log_std))
        expected = np.log(density(action, mean, np.exp(log_std))).sum(-1)
        np.testing.assert_allclose(distribution.log_prob(action), expected, rtol=1e-4)

    def test_samples_have_the_moments(self):
        samples = normal([1.0, -2.0], [0.5, 3.0], COUNT).sample(generator()).numpy()
        np.testing.assert_allclose(samples.mean(0), [1, -2], atol=0.05)
        np.testing.assert_allclose(samples.std(0), [0.5, 3], rtol=0.02)
        assert abs(np.corrcoef(samples.T)[0, 1]) < 0.02

    def test_mode_is_the_mean(self):
        np.testing.assert_array_equal(normal([1.0, 3.0], [1.0, 2.0]).mode(), [[1, 3]])


class TestCategorical:
    def test_samples_have_the_probabilities(self):
        samples = choices(LOGITS, CATEGORIES, COUNT).sample(generator()).numpy()
        assert samples.shape == (COUNT, 2)
        joint = np.zeros(CATEGORIES)
        np.add.at(joint, tuple(samples.astype(int).T), 1 / COUNT)
        # Choices don't depend on each other.
        np.testing.assert_allclose(joint, np.outer(LOGITS[:3], LOGITS[3:]), atol=0.01)

    def test_log_prob_is_that_of_independent_choices(self):
        distribution = choices(LOGITS, CATEGORIES, 6)
        every = np.array(list(itertools.product(range(3), range(2))), np.float32)
        expected = np.outer(LOGITS[:3], LOGITS[3:]).ravel()
        actual = tf.exp(distribution.log_prob(every))
        np.testing.assert_allclose(actual, expected, rtol=1e-5)

    def test_mode_is_the_most_likely(self):
        np.testing.assert_array_equal(choices(LOGITS, CATEGORIES).mode(), [[1, 1]])

    def test_a_single_choice(self):
        distribution = choices(LOGITS[:3], (3,))
        np.testing.assert_array_equal(distribution.mode(), [[1]])
        actual = distribution.log_prob(tf.constant([[2.0]]))
        np.testing.assert_allclose(actual, [np.log(0.3)], rtol=1e-5)

    def test_choices_of_many_steps_at_once(self):
        rng = np.random.default_rng(0)
        logits = tf.constant(rng.normal(size=(3, 4, 5)), tf.float32)
        whole = Categorical(logits, CATEGORIES)
        sample = whole.sample(generator())
        assert sample.shape == (3, 4, 2)
        for step in range(3):
            part = Categorical(logits[step], CATEGORIES)
            np.testing.assert_allclose(
                whole.log_prob(sample)[step], part.log_prob(sample[step]), rtol=1e-6
            )
            np.testing.assert_array_equal(whole.mode()[step], part.mode())


def test_mixed_is_both_side_by_side():
    both = mixed(9)
    sample = both.sample(generator())
    assert sample.shape == (9, 4)
    assert sample.dtype == tf.float32
    numbers, others = sample[:, :2], sample[:, 2:]
    np.testing.assert_allclose(
        both.log_prob(sample),
        both.normal.log_prob(numbers) + both.categorical.log_prob(others),
    )
    np.testing.assert_array_equal(both.mode()[0], [1, -2, 1, 1])


ALL = pytest.mark.parametrize(
    "make",
    [
        lambda rows: normal([1.0, -2.0], [0.5, 3.0], rows),
        lambda rows: choices(LOGITS[:3], (3,), rows),
        lambda rows: choices(LOGITS, CATEGORIES, rows),
        mixed,
    ],
    ids=["normal", "choice", "choices", "mixed"],
)


@ALL
def test_entropy_is_the_mean_of_minus_log_prob(make):
    distribution = make(COUNT)
    log_probs = distribution.log_prob(distribution.sample(generator()))
    entropy = distribution.entropy()
    assert entropy.shape == [COUNT]
    assert float(entropy[0]) == pytest.approx(-np.mean(log_probs), rel=0.01)


@ALL
def test_a_seed_decides_the_sample(make):
    distribution = make(30)
    source = generator()
    first = distribution.sample(source)
    assert not np.array_equal(first, distribution.sample(source))
    np.testing.assert_array_equal(first, distribution.sample(generator()))
    assert not np.array_equal(first, distribution.sample(generator(1)))
    assert len(np.unique(first, axis=0)) > 1


def outputs(rng, size):
    return tf.constant(rng.normal(size=size), tf.float32)


KINDS = pytest.mark.parametrize(
    ("numbers", "categories"), [(2, ()), (0, (3,)), (0, (3, 2)), (2, (3, 2))]
)


@KINDS
def test_kl_is_the_mean_difference_of_log_probs(numbers, categories):
    """Equals its definition, an expectation over the first distribution."""
    rng = np.random.default_rng(1)
    size = numbers + sum(categories)
    first, second = (
        define_distribution(
            tf.tile(outputs(rng, (1, size)), [COUNT, 1]),
            0.5 * outputs(rng, numbers),
            categories,
        )
        for _ in range(2)
    )
    samples = first.sample(generator())
    expected = np.mean(first.log_prob(samples) - second.log_prob(samples))
    kl = first.kl(second)
    assert kl.shape == [COUNT]
    assert float(kl[0]) == pytest.approx(expected, rel=0.03)
    # The other way round it is another number.
    assert float(second.kl(first)[0]) != pytest.approx(expected, rel=0.03)


@settings(max_examples=25, deadline=None)
@given(st.data(), st.sampled_from([(2, ()), (0, (3,)), (0, (3, 2)), (2, (1, 4))]))
def test_kl_is_never_negative_and_zero_for_the_same(data, kind):
    numbers, categories = kind
    floats = st.floats(-3, 3, width=32)
    first, second = (
        define_distribution(
            *(
                tf.constant(data.draw(arrays.arrays(np.float32, size, elements=floats)))
                for size in ((4, numbers + sum(categories)), numbers)
            ),
            categories,
        )
        for _ in range(2)
    )
    assert np.all(first.kl(second) >= -1e-5)
    np.testing.assert_array_equal(first.kl(first), np.zeros(4))


def test_kl_of_normals_by_hand():
    # log(2 / 1) + (1 + 9) / 8 - 1/2, and nothing for the second number.
    first = normal([3.0, 1.0], [1.0, 0.5])
    second = normal([0.0, 1.0], [2.0, 0.5])
    np.testing.assert_allclose(first.kl(second), [np.log(2) + 0.75], rtol=1e-6)


@KINDS
def test_outputs_are_means_and_then_logits(numbers, categories):
    rng = np.random.default_rng(0)
    values, log_std = (
        outputs(rng, (4, numbers + sum(categories))),
        outputs(rng, numbers),
    )
    distribution = define_distribution(values, log_std, categories)
    mode = distribution.mode().numpy()
    np.testing.assert_array_equal(mode[:, :numbers], values[:, :numbers])
    start = numbers
    for column, count in enumerate(categories):
        logits = values[:, start : start + count].numpy()
        np.testing.assert_array_equal(mode[:, numbers + column], logits.argmax(1))
        start += count
    assert mode.shape[1] == numbers + len(categories)
    if numbers:
        part = distribution if not categories else distribution.normal
        np.testing.assert_array_equal(part.log_std, log_std)
