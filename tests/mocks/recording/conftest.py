import struct
from collections import OrderedDict

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.spaces import GraphInstance

from rltools.mocks import Recorder


class Scripted(gym.Env):
    """Returns given values; every `None` among its steps is the end of an episode."""

    def __init__(self, observation_space, action_space, resets, steps):
        self.observation_space = observation_space
        self.action_space = action_space
        self._resets = iter(resets)
        self._steps = iter(steps)
        self.closed = 0

    def reset(self, *, seed=None, options=None):
        return next(self._resets)

    def step(self, action):
        return next(self._steps)

    def close(self):
        self.closed += 1


@pytest.fixture(scope="session")
def scripted():
    return Scripted


def _identical(one, other):
    if type(one) is not type(other):
        return False
    if isinstance(one, np.ndarray):
        same = one.dtype.str == other.dtype.str and one.shape == other.shape
        return same and one.tobytes() == other.tobytes()
    if isinstance(one, np.generic):
        return one.dtype.str == other.dtype.str and one.tobytes() == other.tobytes()
    if isinstance(one, float):
        return struct.pack("d", one) == struct.pack("d", other)
    if isinstance(one, complex):
        return _identical((one.real, one.imag), (other.real, other.imag))
    if isinstance(one, dict | OrderedDict):
        return _identical(list(one.items()), list(other.items()))
    if isinstance(one, tuple | list | GraphInstance):
        return len(one) == len(other) and all(map(_identical, one, other))
    return one == other


@pytest.fixture(scope="session")
def identical():
    """Whether two values have the same types, bits and order, down to every leaf."""
    return _identical


def _play(env, seeds, steps=10**6, *, actions=None):
    """Everything that episodes return; actions that the environment does not sample."""
    generator = np.random.default_rng(3)
    returned = []
    for seed in seeds:
        returned.append(env.reset(seed=seed))
        for _ in range(steps):
            if isinstance(env.action_space, gym.spaces.Discrete):
                action = int(generator.integers(env.action_space.n))
            else:
                action = generator.uniform(-1, 1, env.action_space.shape)
                action = action.astype(env.action_space.dtype)
            returned.append(env.step(action))
            if returned[-1][2] or returned[-1][3]:
                break
    return returned


@pytest.fixture(scope="session")
def play():
    return _play


@pytest.fixture
def cart_pole(tmp_path):
    """Path of a recording of three episodes of CartPole with seeds 0, None and 1."""
    path = tmp_path / "cart_pole.npz"
    with Recorder(gym.make("CartPole-v1"), path) as env:
        _play(env, [0, None, 1])
    return path
