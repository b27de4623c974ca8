"""An environment that plays a script, and notes what it is asked."""

import gymnasium as gym
import numpy as np
import pytest


class ScriptedEnvironment(gym.Env):
    """Returns the given observations in turn; the last one ends the episode.

    With `reuse`, all observations are the same array, overwritten again and again.
    """

    def __init__(
        self,
        observations,
        observation_space,
        *,
        action_space=None,
        rewards=None,
        flags=(True, False),
        reuse=False,
    ):
        self.observation_space = observation_space
        self.action_space = action_space or gym.spaces.Discrete(5)
        self.observations = list(observations)
        self.rewards = rewards or [0.0] * (len(self.observations) - 1)
        self.flags = flags
        self.buffer = np.empty_like(observations[0]) if reuse else None
        self.resets = []
        self.actions = []
        self.closed = 0
        self.time = None

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.resets.append((seed, options))
        self.time = 0
        return self._observe(), {"time": 0}

    def step(self, action):
        self.actions.append(action)
        self.time += 1
        is_end = self.time == len(self.observations) - 1
        terminated, truncated = self.flags if is_end else (False, False)
        reward = self.rewards[self.time - 1]
        return self._observe(), reward, terminated, truncated, {"time": self.time}

    def render(self):
        return f"picture of {self.time}"

    def close(self):
        self.closed += 1

    def _observe(self):
        observation = self.observations[self.time]
        if self.buffer is None:
            return observation
        self.buffer[...] = observation
        return self.buffer


@pytest.fixture(scope="session")
def scripted():
    """The class; made by a fixture so that every test module can have it."""
    return ScriptedEnvironment


@pytest.fixture(scope="session")
def counting():
    """Make an environment that observes the time, for a number of steps."""

    def make(duration, **kwargs):
        space = gym.spaces.Box(0, 100, (1,), np.float32)
        times = [np.array([time], np.float32) for time in range(duration + 1)]
        return ScriptedEnvironment(times, space, **kwargs)

    return make


@pytest.fixture(scope="session")
def play():
    """Play one episode with sampled actions; gives all results, the reset's first."""

    def run(env, *, seed=0, limit=300):
        env.action_space.seed(seed)
        results = [env.reset(seed=seed)]
        while len(results) <= limit:
            results.append(env.step(env.action_space.sample()))
            if results[-1][2] or results[-1][3]:
                break
        return results

    return run
