import numpy as np
import pytest
import tensorflow as tf
from gymnasium import spaces
from hypothesis import given, settings
from hypothesis import strategies as st

from examples.ppo.algorithm.flat_spaces import FlatActions, FlatObservations
from examples.ppo.algorithm.normalize import StreamingNormalize
from examples.ppo.networks.actor_critic import ActorCritic
from examples.ppo.networks.array_policy import ArrayPolicy

SIZE = 3
SPACES = {
    "numbers": spaces.Box(-np.inf, np.inf, (2,), np.float32),
    "choice": spaces.Discrete(3),
    "choices": spaces.MultiDiscrete([2, 4]),
    "mixed": spaces.Dict(
        lights=spaces.MultiBinary(2), speed=spaces.Box(-np.inf, np.inf, (1,))
    ),
}


@pytest.fixture
def build(make_config):
    """Builds a policy in the graph and in arrays, both sure of what they want."""

    def define(space, layers=(8, 4)):
        config = make_config(
            policy_layers=layers, init_output_factor=2.0, init_std=0.3, seed=1
        )
        observations = FlatObservations(spaces.Box(-9, 9, (SIZE,)))
        actions = FlatActions(space)
        network = ActorCritic(observations, actions, config)
        rng = np.random.default_rng(2)
        for variable in network.trainable_variables:
            noise = rng.normal(0, 0.1, variable.shape).astype(np.float32)
            variable.assign_add(noise)
        normalize = StreamingNormalize([SIZE])
        normalize.update(tf.constant(rng.normal(3, 2, (50, SIZE)), tf.float32))

        def distribution(observ):
            values = normalize.transform(tf.constant(observ, tf.float32))
            outputs, _, _ = network.step(values, tf.zeros([len(observ), 0]))
            return network.distribution(outputs)

        return ArrayPolicy(network, normalize, actions), distribution

    return define


@pytest.mark.parametrize("layers", [(), (8, 4)], ids=["linear", "deep"])
@pytest.mark.parametrize("name", SPACES)
def test_probabilities_are_those_of_the_graph(name, layers, build):
    policy, distribution = build(SPACES[name], layers)

    @settings(max_examples=25, deadline=None)
    @given(st.integers(0, 2**32 - 1), st.integers(1, 9), st.sampled_from([1.0, 1e4]))
    def agree(seed, rows, scale):
        rng = np.random.default_rng(seed)
        observ = rng.normal(0, scale, (rows, SIZE)).astype(np.float32)
        action, logprob = policy.act(observ, policy.draw((rows,), rng))
        assert action.dtype == logprob.dtype == np.float32
        expected = distribution(observ).log_prob(tf.constant(action))
        np.testing.assert_allclose(logprob, expected, rtol=1e-4, atol=1e-4)

    agree()


@pytest.mark.parametrize("name", SPACES)
def test_without_noise_it_takes_the_most_likely_action(name, build):
    policy, distribution = build(SPACES[name])
    observ = np.random.default_rng(3).normal(size=(20, SIZE)).astype(np.float32)
    noise = np.zeros_like(policy.draw((20,), np.random.default_rng(0)))
    for action in (policy.act(observ, noise)[0], policy.mode(observ)):
        assert action.dtype == np.float32
        np.testing.assert_allclose(action, distribution(observ).mode(), rtol=1e-5)


def test_actions_are_as_frequent_as_they_are_likely(build):
    policy, distribution = build(SPACES["choices"])
    count = 20_000
    observ = np.full((count, SIZE), 2.0, np.float32)
    action, _ = policy.act(observ, policy.draw((count,), np.random.default_rng(4)))
    combinations = [(first, second) for first in range(2) for second in range(4)]
    for chosen in combinations:
        frequency = np.mean((action == chosen).all(-1))
        logprob = distribution(observ[:1]).log_prob(tf.constant([chosen], tf.float32))
        # Four standard errors, of which the largest is this one.
        error = 4 * 0.5 / np.sqrt(count)
        assert frequency == pytest.approx(float(np.exp(logprob[0])), abs=error)


def test_numbers_are_spread_as_the_policy_says(build):
    policy, distribution = build(SPACES["numbers"])
    count = 20_000
    observ = np.full((count, SIZE), 2.0, np.float32)
    action, _ = policy.act(observ, policy.draw((count,), np.random.default_rng(5)))
    normal = distribution(observ[:1])
    std = np.exp(normal.log_std)
    np.testing.assert_allclose(action.std(0), std, rtol=0.03)
    np.testing.assert_allclose(
        action.mean(0), normal.mean[0], atol=4 * std.max() / np.sqrt(count)
    )


def test_it_stays_as_it_was_when_the_network_learns(make_config):
    observations = FlatObservations(spaces.Box(-9, 9, (SIZE,)))
    actions = FlatActions(SPACES["mixed"])
    network = ActorCritic(observations, actions, make_config())
    normalize = StreamingNormalize([SIZE])
    policy = ArrayPolicy(network, normalize, actions)
    observ = np.ones((2, SIZE), np.float32)
    noise = policy.draw((2,), np.random.default_rng(0))
    before = policy.act(observ, noise)
    for variable in network.trainable_variables:
        variable.assign_add(tf.ones_like(variable))
    normalize.update(tf.constant(observ * 7))
    for old, new in zip(before, policy.act(observ, noise), strict=True):
        np.testing.assert_array_equal(old, new)
