import numpy as np
import pytest
import tensorflow as tf

from examples.ppo.distributions import Categorical, DiagonalNormal

SEED = tf.constant([1, 2], tf.int64)


def density(x, mean, std):
    return np.exp(-(((x - mean) / std) ** 2) / 2) / (std * np.sqrt(2 * np.pi))


class TestDiagonalNormal:
    def test_log_prob_is_that_of_independent_normals(self):
        rng = np.random.default_rng(0)
        mean, action = rng.normal(size=(2, 5, 2, 3)).astype(np.float32)
        log_std = rng.normal(size=(2, 3)).astype(np.float32)
        actual = DiagonalNormal(tf.constant(mean), tf.constant(log_std)).log_prob(
            action
        )
        expected = np.log(density(action, mean, np.exp(log_std))).sum((1, 2))
        np.testing.assert_allclose(actual, expected, rtol=1e-4)

    def test_samples_have_the_moments(self):
        mean = tf.tile([[1.0, -2.0]], [100_000, 1])
        samples = DiagonalNormal(mean, tf.math.log([0.5, 3.0])).sample(SEED).numpy()
        np.testing.assert_allclose(samples.mean(0), [1, -2], atol=0.05)
        np.testing.assert_allclose(samples.std(0), [0.5, 3], rtol=0.02)
        assert abs(np.corrcoef(samples.T)[0, 1]) < 0.02

    def test_entropy_is_the_mean_of_minus_log_prob(self):
        distribution = DiagonalNormal(tf.zeros([100_000, 2]), tf.math.log([0.5, 3.0]))
        log_probs = distribution.log_prob(distribution.sample(SEED))
        entropy = distribution.entropy()
        assert entropy.shape == [100_000]
        assert float(entropy[0]) == pytest.approx(-np.mean(log_probs), rel=0.01)

    def test_mode_is_the_mean(self):
        distribution = DiagonalNormal(tf.constant([[1.0]]), tf.constant([0.0]))
        np.testing.assert_array_equal(distribution.mode(), [[1]])


class TestCategorical:
    LOGITS = tf.math.log([[0.1, 0.6, 0.3]]) + 5.0

    @pytest.mark.parametrize("start", [0, -2])
    def test_samples_have_the_probabilities(self, start):
        distribution = Categorical(tf.tile(self.LOGITS, [100_000, 1]), start)
        samples = distribution.sample(SEED).numpy()
        assert samples.dtype == np.int64
        frequencies = np.bincount(samples - start) / len(samples)
        np.testing.assert_allclose(frequencies, [0.1, 0.6, 0.3], atol=0.01)

    @pytest.mark.parametrize("start", [0, 4])
    def test_log_prob_is_normalised(self, start):
        distribution = Categorical(tf.tile(self.LOGITS, [3, 1]), start)
        actual = tf.exp(distribution.log_prob(tf.range(start, start + 3)))
        np.testing.assert_allclose(actual, [0.1, 0.6, 0.3], rtol=1e-5)

    def test_entropy(self):
        p = np.array([0.1, 0.6, 0.3])
        actual = Categorical(self.LOGITS).entropy()
        np.testing.assert_allclose(actual, [-(p * np.log(p)).sum()], rtol=1e-5)

    @pytest.mark.parametrize("start", [0, 4])
    def test_mode_is_the_most_likely(self, start):
        np.testing.assert_array_equal(
            Categorical(self.LOGITS, start).mode(), [start + 1]
        )


@pytest.mark.parametrize(
    "distribution",
    [DiagonalNormal(tf.zeros([9, 2]), tf.zeros([2])), Categorical(tf.zeros([9, 30]))],
    ids=["normal", "categorical"],
)
def test_a_seed_decides_the_sample(distribution):
    first = distribution.sample(SEED)
    np.testing.assert_array_equal(first, distribution.sample(SEED))
    assert not np.array_equal(first, distribution.sample(SEED + 1))
    assert len(np.unique(first, axis=0)) > 1
