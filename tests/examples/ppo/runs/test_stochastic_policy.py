import numpy as np
import tensorflow as tf

from examples.ppo.ppo import PPO
from examples.ppo.runs.environments import make_env
from examples.ppo.runs.simulation import DeterministicPolicy
from examples.ppo.runs.stochastic_policy import StochasticPolicy


def build(config):
    env = make_env(config)
    return PPO(env.observation_space, env.action_space, config)


def observations(size):
    return np.random.default_rng(1).normal(size=(size, 3)).astype(np.float32)


def state(algo):
    modules = (algo.network, algo.learner, algo.observ_filter, algo.return_filter)
    return [variable.numpy() for module in modules for variable in module.variables]


def test_draws_actions_by_the_seed(make_config):
    algo = build(make_config())
    observ = observations(2)

    def draw(seed):
        policy = StochasticPolicy(algo, seed)
        policy.begin_episode(tf.range(2))
        return policy.perform(tf.range(2), observ).numpy()

    np.testing.assert_array_equal(draw(1), draw(1))
    assert not np.allclose(draw(1), draw(2))
    mode = DeterministicPolicy(algo, 2).perform(tf.range(2), observ)
    assert not np.allclose(draw(1), mode)


def test_learns_nothing(make_config):
    config = make_config()
    algo = build(config)
    policy = StochasticPolicy(algo, 0)
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
