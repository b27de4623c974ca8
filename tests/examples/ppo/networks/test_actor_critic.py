import math

import gymnasium as gym
import numpy as np
import pytest
import tensorflow as tf
from gymnasium import spaces

from examples.ppo.algorithm.distributions import Categorical, DiagonalNormal, Mixed
from examples.ppo.config import NETWORKS
from examples.ppo.networks.actor_critic import define_network
from rltools.errors import InvalidSpaceError

OBSERV = spaces.Box(-1, 1, (2, 3))
PICTURE = spaces.Box(0, 255, (4, 5, 3), np.uint8)
NESTED = spaces.Dict(a=OBSERV, b=spaces.Discrete(4), c=PICTURE)
BOX = spaces.Box(-1, 1, (2, 2))
DISCRETE = spaces.Discrete(5, start=3)
ALL_NETWORKS = pytest.mark.parametrize("name", NETWORKS)


@pytest.fixture
def build(make_config):
    def define(
        name="feed_forward", action_space=BOX, observation_space=NESTED, **changes
    ):
        options = {"recurrent_units": 4, "filters": (2, 3), "init_output_factor": 1.0}
        config = make_config(network=name, **options | changes)
        return define_network(observation_space, action_space, config)

    return define


def observations(*leading, size=6 + 4 + 60):
    return tf.random.stateless_normal([*leading, size], [1, 2])


@ALL_NETWORKS
@pytest.mark.parametrize(
    ("action_space", "kind", "size"),
    [
        (BOX, DiagonalNormal, 4),
        (DISCRETE, Categorical, 1),
        (spaces.MultiDiscrete([2, 3]), Categorical, 2),
        (spaces.MultiBinary(3), Categorical, 3),
        (spaces.Tuple([BOX, DISCRETE, spaces.MultiBinary(2)]), Mixed, 7),
    ],
)
def test_every_network_has_a_policy_for_every_action_space(
    build, name, action_space, kind, size
):
    network = build(name, action_space)
    state = tf.zeros([3, network.state_size])
    outputs, value, next_state = network.step(observations(3), state)
    assert value.shape == [3]
    assert next_state.shape == state.shape
    distribution = network.distribution(outputs)
    assert isinstance(distribution, kind)
    assert distribution.mode().shape == [3, size]
    action = distribution.sample(tf.random.Generator.from_seed(0))
    assert distribution.log_prob(action).shape == [3]
    assert distribution.entropy().shape == [3]


@ALL_NETWORKS
def test_unrolling_equals_steps_one_by_one(build, name):
    """From the state before them, and from zeros where an episode begins."""
    network = build(name)
    observ = observations(5, 3)
    state = tf.random.stateless_normal([3, network.state_size], [3, 4])
    begins = np.zeros((5, 3), bool)
    begins[[0, 2, 3, 4], [1, 0, 0, 2]] = True
    outputs, values, states = network.unroll(observ, tf.constant(begins), state)
    for step in range(5):
        state = tf.where(begins[step][:, None], tf.zeros_like(state), state)
        output, value, state = network.step(observ[step], state)
        for whole, one in [(outputs, output), (values, value), (states, state)]:
            np.testing.assert_allclose(whole[step], one, rtol=1e-4, atol=1e-5)


def test_only_recurrent_networks_have_a_state(build):
    sizes = {name: build(name).state_size for name in NETWORKS}
    assert sizes == {"feed_forward": 0, "recurrent": 8, "convolutional": 0}


def test_recurrent_networks_remember_until_an_episode_begins(build):
    network = build("recurrent")
    observ = observations(3, 2)
    changed = observ + np.array([1, 0, 0], np.float32)[:, None, None]
    begins = tf.constant([[True, True], [False, True], [False, False]])
    state = tf.zeros([2, 8])
    for before, after in zip(
        network.unroll(observ, begins, state)[:2],
        network.unroll(changed, begins, state)[:2],
        strict=True,
    ):
        assert not np.allclose(before[2, 0], after[2, 0])
        np.testing.assert_array_equal(before[1:, 1], after[1:, 1])


def test_initial_weights_have_their_gains(build):
    network = build(init_output_factor=0.01, init_std=0.6)
    norms = [np.linalg.norm(weight, 2) for weight in network.policy._layers.weights]
    np.testing.assert_allclose(norms, [2**0.5, 0.01 * 2**0.5], rtol=1e-5)
    norms = [np.linalg.norm(weight, 2) for weight in network.critic._layers.weights]
    np.testing.assert_allclose(norms, [2**0.5, 2**0.5, 1], rtol=1e-5)
    np.testing.assert_allclose(network.log_std, np.full(4, math.log(0.6)))


@ALL_NETWORKS
def test_last_layers_of_all_networks_have_their_gains(build, name):
    network = build(name, init_output_factor=0.01)
    last = [body._layers.weights[-1] for body in (network.policy, network.critic)]
    norms = [np.linalg.norm(weight, 2) for weight in last]
    np.testing.assert_allclose(norms, [0.01 * 2**0.5, 1], rtol=1e-5)


@pytest.mark.parametrize(
    ("space", "normalized", "same"),
    [(PICTURE, False, True), (PICTURE, True, False), (NESTED, False, False)],
)
def test_bytes_that_are_not_normalised_are_scaled_to_one(
    build, space, normalized, same
):
    network = build(
        "convolutional", observation_space=space, normalize_observations=normalized
    )
    convolution = network.policy._convolution
    assert convolution._scale == (1 / 255 if same else 1)


def test_spread_does_not_depend_on_the_state(build):
    network = build()
    outputs, _, _ = network.step(observations(2), tf.zeros([2, 0]))
    distribution = network.distribution(outputs)
    assert not np.allclose(*distribution.mean)
    np.testing.assert_allclose(*distribution.entropy())


def test_an_earlier_spread_can_be_given(build):
    network = build()
    outputs, _, _ = network.step(observations(2), tf.zeros([2, 0]))
    earlier = tf.identity(network.log_std)
    network.log_std.assign_add(tf.ones([4]))
    before, now = network.distribution(outputs, earlier), network.distribution(outputs)
    np.testing.assert_allclose(now.entropy() - before.entropy(), [4, 4], rtol=1e-5)


@ALL_NETWORKS
def test_policy_and_value_share_nothing(build, name):
    network = build(name)
    with tf.GradientTape(persistent=True) as tape:
        state = tf.random.stateless_normal([4, network.state_size], [3, 4])
        outputs, value, _ = network.step(observations(4), state)
        log_prob = network.distribution(outputs).log_prob(tf.ones([4, 4]))
    for variables, output in [
        (network.policy.trainable_variables, value),
        (network.critic.trainable_variables, log_prob),
    ]:
        assert set(tape.gradient(output, variables)) == {None}
    for gradient in tape.gradient([value, log_prob], network.trainable_variables):
        assert np.any(gradient)


def test_variables_have_names_of_their_own(build):
    """As TensorBoard tells them apart by these."""
    for name in NETWORKS:
        names = [variable.name for variable in build(name).trainable_variables]
        assert len(set(names)) == len(names)


def test_a_seed_decides_the_initial_weights(build):
    first, same, other = (build(seed=seed).policy for seed in (1, 1, 2))
    weights = [
        policy.trainable_variables[-1].numpy() for policy in (first, same, other)
    ]
    np.testing.assert_array_equal(weights[0], weights[1])
    assert not np.allclose(weights[0], weights[2])


@pytest.mark.parametrize(
    ("name", "observation_space", "action_space", "expected"),
    [
        ("convolutional", OBSERV, BOX, "Box of three dimensions, got Box"),
        ("feed_forward", spaces.Text(3), BOX, "expected an observation space of"),
        ("recurrent", OBSERV, spaces.Text(3), "expected an action space of"),
        ("feed_forward", OBSERV, gym.Space(), "expected an action space of"),
    ],
)
def test_spaces_that_do_not_fit_are_an_error(
    build, name, observation_space, action_space, expected
):
    with pytest.raises(InvalidSpaceError, match=expected):
        build(name, action_space, observation_space)
