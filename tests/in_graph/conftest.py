"""Environments whose values tell where and when they come from, and an algorithm."""

import gymnasium as gym
import numpy as np
import pytest
import tensorflow as tf

import rltools
from rltools import nested
from rltools.checks import differences


class CountingEnv(gym.Env):
    """Observes (index, episode, step); the reward is 100 index + 10 episode + step.

    Episodes of environment i have i + 2 steps. They terminate if the index is even and
    are truncated if it is odd.
    """

    def __init__(self, index):
        self.observation_space = gym.spaces.Box(0, 1e6, (3,), np.float32)
        self.action_space = gym.spaces.Box(-1e6, 1e6, (2,), np.float32)
        self.index = index
        self.episode = -1
        self.steps = 0
        self.actions = []
        self.seeds = []

    def reset(self, *, seed=None, options=None):
        self.seeds.append(seed)
        self.episode += 1
        self.steps = 0
        return self._observ(), {}

    def step(self, action):
        self.actions.append(action)
        self.steps += 1
        reward = 100 * self.index + 10 * self.episode + self.steps
        done = self.steps == self.index + 2
        return (
            self._observ(),
            reward,
            done and self.index % 2 == 0,
            done and bool(self.index % 2),
            {},
        )

    def _observ(self):
        return np.array([self.index, self.episode, self.steps], np.float32)


class GraphAlgorithm:
    """Acts in the graph; counts traces in Python and calls in variables."""

    def __init__(self):
        self.traces = 0
        self.calls = {
            name: tf.Variable(0)
            for name in ("begin_episode", "end_episode", "perform", "summary")
        }
        self.rewards = tf.Variable(0.0)

    def begin_episode(self, indices):
        self.calls["begin_episode"].assign_add(tf.size(indices))

    def perform(self, indices, observ):
        self.traces += 1
        self.calls["perform"].assign_add(1)
        if self.calls["perform"] < 0:  # AutoGraph makes a conditional of this.
            observ = -observ
        return observ[:, :2] + tf.cast(indices, tf.float32)[:, None]

    def experience(
        self, indices, observ, action, reward, terminated, truncated, next_observ
    ):
        self.rewards.assign_add(tf.reduce_sum(reward))

    def end_episode(self, indices):
        self.calls["end_episode"].assign_add(tf.size(indices))

    def summary(self):
        self.calls["summary"].assign_add(1)
        return {"rewards": self.rewards.read_value(), "none": tf.zeros([0, 3])}

    def count(self, name):
        return int(self.calls[name])


@pytest.fixture(scope="session")
def assert_same():
    """Compare nested tensors with nested arrays: structures, shapes, dtypes, values."""

    def compare(actual, expected):
        # Tensors without dimensions have no other counterpart than such arrays.
        actual, expected = (nested.map(np.asarray, each) for each in (actual, expected))
        assert not differences(expected, actual, "value")

    return compare


@pytest.fixture
def make_counting():
    """Function from a count, or environments, to an in-graph batch of counting ones."""

    def make(envs):
        if isinstance(envs, int):
            envs = [CountingEnv(index) for index in range(envs)]
        return rltools.InGraphBatchEnv(rltools.BatchEnv(envs))

    return make


@pytest.fixture
def counting_env():
    return CountingEnv


@pytest.fixture
def graph_algorithm():
    return GraphAlgorithm
