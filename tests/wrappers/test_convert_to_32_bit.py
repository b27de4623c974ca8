import gymnasium as gym
import numpy as np
import pytest

from rltools.errors import (
    InvalidObservationError,
    InvalidResultError,
    InvalidSpaceError,
)
from rltools.mocks import MockEnvironment
from rltools.wrappers import ConvertTo32Bit

LINE = gym.spaces.Box(-np.inf, np.inf, (2,), np.float64)


def step(scripted, reward=0.0, observ=None):
    zeros = np.zeros(2)
    frames = [zeros, zeros if observ is None else observ]
    env = ConvertTo32Bit(scripted(frames, LINE, rewards=[reward], allow_invalid=True))
    env.reset()
    return env.step(0)


def test_observation_and_space_are_float32(scripted):
    env = ConvertTo32Bit(scripted([np.array([0.1, 2.0])], LINE))
    assert env.observation_space == gym.spaces.Box(-np.inf, np.inf, (2,), np.float32)
    observ, info = env.reset()
    assert observ.dtype == np.float32
    assert observ.tolist() == np.array([0.1, 2.0], np.float32).tolist()
    assert info == {"time": 0}


@pytest.mark.parametrize("reward", [1, 0.1, np.float64(3e38), np.int64(7), np.True_])
def test_reward_is_float32(scripted, reward):
    result = step(scripted, reward)[1]
    assert type(result) is np.float32
    assert result == np.float32(reward)


@pytest.mark.parametrize(
    "reward", [np.nan, np.inf, -np.inf, 1e39, None, "1", np.zeros(1), 1j]
)
def test_reward_that_does_not_fit(scripted, reward):
    with pytest.raises(InvalidResultError, match="reward: expected a finite number"):
        step(scripted, reward)


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf, 1e39])
def test_observation_that_does_not_fit(scripted, number):
    with pytest.raises(InvalidObservationError, match=r"observation\[1\].*float32"):
        step(scripted, observ=np.array([0.0, number]))
    frames = [np.array([0.0, number])]
    env = ConvertTo32Bit(scripted(frames, LINE, allow_invalid=True))
    with pytest.raises(InvalidObservationError, match=r"observation\[1\].*float32"):
        env.reset()


def test_bad_space():
    graph = gym.spaces.Graph(gym.spaces.Discrete(3), None)
    space = gym.spaces.Dict(graph=graph)
    with pytest.raises(InvalidSpaceError, match=r"observation_space\['graph'\]"):
        ConvertTo32Bit(MockEnvironment(observation_space=space, action_shape=(1,)))


def test_action_is_not_touched(scripted):
    space = gym.spaces.Box(0, 9, (1,), np.float64)
    env = ConvertTo32Bit(scripted([np.zeros(2)] * 2, LINE, action_space=space))
    assert env.action_space is space
    action = np.array([0.1])
    env.reset()
    env.step(action)
    assert env.unwrapped.actions[0] is action
