import math

import gymnasium as gym
import numpy as np
import pytest
import tensorflow as tf

from examples.ppo.configs import NETWORKS
from examples.ppo.networks import Perceptron, define_network, orthogonal
from rltools.errors import InvalidSpaceError

OBSERV = gym.spaces.Box(-1, 1, (2, 3))
BOX = gym.spaces.Box(-1, 1, (2, 2))
DISCRETE = gym.spaces.Discrete(5, start=3)
ACTION_SPACES = {
    "feed_forward_gaussian": BOX,
    "feed_forward_categorical": DISCRETE,
}


def test_every_network_a_config_can_name_can_be_built(make_config):
    assert set(ACTION_SPACES) == set(NETWORKS)
    for name in NETWORKS:
        network = define_network(OBSERV, ACTION_SPACES[name], make_config(network=name))
        assert network.value(tf.zeros([4, 2, 3])).shape == [4]


@pytest.mark.parametrize("shape", [(3, 7), (7, 3), (4, 4), (1, 5), (5, 1)])
def test_orthogonal(shape):
    matrix = orthogonal(*shape, np.random.default_rng(0))
    small = matrix @ matrix.T if shape[0] < shape[1] else matrix.T @ matrix
    assert matrix.shape == shape
    assert matrix.dtype == np.float32
    np.testing.assert_allclose(small, np.eye(min(shape)), atol=1e-6)


def test_orthogonal_matrices_are_rotations_as_often_as_reflections():
    """The bare QR decomposition gives only one of them."""
    rng = np.random.default_rng(0)
    determinants = [np.linalg.det(orthogonal(2, 2, rng)) for _ in range(2000)]
    assert abs(np.mean(determinants)) < 0.1


def test_perceptron_equals_numpy():
    perceptron = Perceptron(
        [3, 5, 4, 2], output_gain=0.5, rng=np.random.default_rng(0), name="test"
    )
    for bias in perceptron.biases:
        bias.assign(tf.random.normal(bias.shape))
    inputs = np.random.default_rng(1).normal(size=(6, 3)).astype(np.float32)
    first, second, last = zip(perceptron.weights, perceptron.biases, strict=True)
    expected = np.tanh(inputs @ first[0].numpy() + first[1])
    expected = np.tanh(expected @ second[0].numpy() + second[1])
    expected = expected @ last[0].numpy() + last[1]
    np.testing.assert_allclose(perceptron(inputs), expected, rtol=1e-4, atol=1e-6)


def test_initial_weights_have_their_gains(make_config):
    config = make_config(init_output_factor=0.01, init_std=0.6)
    network = define_network(OBSERV, BOX, config)
    norms = [np.linalg.norm(weight, 2) for weight in network.policy.weights]
    np.testing.assert_allclose(norms, [2**0.5, 0.01 * 2**0.5], rtol=1e-5)
    norms = [np.linalg.norm(weight, 2) for weight in network.critic.weights]
    np.testing.assert_allclose(norms, [2**0.5, 2**0.5, 1], rtol=1e-5)
    np.testing.assert_allclose(network.log_std, np.full((2, 2), math.log(0.6)))


def test_gaussian_is_shaped_like_actions(make_config):
    network = define_network(OBSERV, BOX, make_config())
    distribution = network.distribution(tf.random.normal([4, 2, 3]))
    assert distribution.mode().shape == [4, 2, 2]
    assert distribution.sample([1, 2]).shape == [4, 2, 2]
    assert distribution.log_prob(tf.zeros([4, 2, 2])).shape == [4]


def test_gaussian_spread_does_not_depend_on_the_state(make_config):
    network = define_network(OBSERV, BOX, make_config(init_output_factor=1.0))
    distribution = network.distribution(tf.random.normal([2, 2, 3]))
    assert not np.allclose(*distribution.mean)
    np.testing.assert_allclose(*distribution.entropy())


def test_categorical_actions_are_elements_of_the_space(make_config):
    network = define_network(
        OBSERV, DISCRETE, make_config(network="feed_forward_categorical")
    )
    distribution = network.distribution(tf.random.normal([200, 2, 3]))
    assert set(distribution.sample([1, 2]).numpy()) == {3, 4, 5, 6, 7}


def test_policy_and_value_share_nothing(make_config):
    network = define_network(OBSERV, BOX, make_config())
    with tf.GradientTape(persistent=True) as tape:
        observ = tf.random.normal([4, 2, 3])
        value = network.value(observ)
        distribution = network.distribution(observ)
        log_prob = distribution.log_prob(tf.ones([4, 2, 2]))
    unused = tf.UnconnectedGradients.ZERO
    for variables, output in [
        (network.policy.trainable_variables, value),
        (network.critic.trainable_variables, log_prob),
    ]:
        for gradient in tape.gradient(output, variables, unconnected_gradients=unused):
            assert not np.any(gradient)
    for gradient in tape.gradient([value, log_prob], network.trainable_variables):
        assert np.any(gradient)


def test_a_seed_decides_the_initial_weights(make_config):
    first, same, other = (
        define_network(OBSERV, BOX, make_config(seed=seed)) for seed in (1, 1, 2)
    )
    weights = [network.policy.weights[0].numpy() for network in (first, same, other)]
    np.testing.assert_array_equal(weights[0], weights[1])
    assert not np.allclose(weights[0], weights[2])


@pytest.mark.parametrize(
    ("network", "observation_space", "action_space", "expected"),
    [
        ("feed_forward_gaussian", OBSERV, DISCRETE, "needs a Box as action space"),
        ("feed_forward_categorical", OBSERV, BOX, "needs a Discrete as action space"),
        ("feed_forward_gaussian", DISCRETE, BOX, "needs a Box as observation space"),
    ],
)
def test_spaces_that_do_not_fit_are_an_error(
    make_config, network, observation_space, action_space, expected
):
    with pytest.raises(InvalidSpaceError, match=expected):
        define_network(observation_space, action_space, make_config(network=network))
