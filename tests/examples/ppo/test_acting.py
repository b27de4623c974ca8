import numpy as np
import pytest
import tensorflow as tf

from examples.ppo.acting import Deterministic, Stochastic
from examples.ppo.environments import make_env
from examples.ppo.ppo import PPO


def build(config):
    env = make_env(config)
    return PPO(env.observation_space, env.action_space, config), env.action_space


def observations(size):
    return np.random.default_rng(1).normal(size=(size, 3)).astype(np.float32)


def state(algo):
    modules = (algo.network, algo.learner, algo.observ_filter, algo.return_filter)
    return [variable.numpy() for module in modules for variable in module.variables]


@pytest.mark.parametrize("normalize_rewards", [True, False])
def test_values_are_in_units_of_the_reward(make_config, normalize_rewards):
    config = make_config(normalize_rewards=normalize_rewards)
    algo, action_space = build(config)
    # Returns of the episode deviate by 5; the network sees rewards divided by that.
    algo.return_filter.update(tf.constant([-5.0, 5.0]))
    policy = Deterministic(algo, 3, action_space.dtype)
    observ = observations(2)
    policy.perform(tf.constant([2, 0]), observ)
    expected = algo.network.value(algo.observ_filter.transform(observ)).numpy()
    factor = 5 if normalize_rewards else 1
    np.testing.assert_allclose(
        policy.value, [factor * expected[1], 0, factor * expected[0]], rtol=1e-5
    )


def test_takes_the_most_likely_actions(make_config):
    algo, action_space = build(make_config(init_output_factor=1.0))
    policy = Deterministic(algo, 2, action_space.dtype)
    observ = observations(2)
    action = policy.perform(tf.range(2), observ)
    np.testing.assert_array_equal(action, algo.mode(observ))
    assert action.dtype == action_space.dtype


def test_draws_actions_by_the_seed(make_config):
    algo, _ = build(make_config())
    observ = observations(2)

    def draw(seed):
        policy = Stochastic(algo, seed)
        policy.begin_episode(tf.range(2))
        return policy.perform(tf.range(2), observ).numpy()

    np.testing.assert_array_equal(draw(1), draw(1))
    assert not np.allclose(draw(1), draw(2))
    assert not np.allclose(draw(1), algo.mode(observ))


@pytest.mark.parametrize("kind", ["deterministic", "stochastic"])
def test_learns_nothing(make_config, kind):
    config = make_config()
    algo, action_space = build(config)
    policy = (
        Stochastic(algo, 0)
        if kind == "stochastic"
        else Deterministic(algo, 2, action_space.dtype)
    )
    before = state(algo)
    everyone, observ = tf.range(2), observations(2)
    policy.begin_episode(everyone)
    for _ in range(config.rollout_length + 1):
        action = policy.perform(everyone, observ)
        reward, flag = tf.ones(2), tf.zeros(2, tf.bool)
        policy.experience(everyone, observ, action, reward, flag, flag, observ)
    policy.end_episode(everyone)
    for old, new in zip(before, state(algo), strict=True):
        np.testing.assert_array_equal(old, new)
