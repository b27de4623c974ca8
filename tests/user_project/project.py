"""What somebody wrote who uses the package: ten parts, each with one mistake."""

import gymnasium as gym
import numpy as np

import rltools
from rltools.mocks import LinearActorCritic
from rltools.wrappers import ExternalProcess


class Walk(gym.Env):
    """The sound part: a walk of at most ten steps."""

    def __init__(self):
        self.observation_space = gym.spaces.Box(-5.0, 5.0, (2,), np.float32)
        self.action_space = gym.spaces.Box(-1.0, 1.0, (2,), np.float32)
        self.place = None

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.place, self.time = self.np_random.uniform(-1, 1, 2), 0
        return self.observe(), {}

    def step(self, action):
        if self.place is None:
            raise RuntimeError("Call reset first.")
        self.time += 1
        noise = self.np_random.normal(0, 0.1, 2)
        self.place = np.clip(self.place + action + noise, -5, 5)
        reward = -float(np.abs(self.place).sum())
        return self.observe(), reward, self.has_fallen(), self.time >= 10, {}

    def has_fallen(self):
        return bool(np.abs(self.place).max() > 4 and self.time < 10)

    def observe(self):
        return self.place.astype(np.float32)


class LosesItsNumbers(Walk):
    def observe(self):
        return (self.place if self.time < 7 else self.place / 0).astype(np.float32)


class KnowsOneSeed(Walk):
    def reset(self, *, seed=None, options=None):
        return super().reset(seed=None if seed is None else 7, options=options)


class ClipsInPlace(Walk):
    def step(self, action):
        action *= 0.5
        return super().step(action)


class ReusesItsBuffer(Walk):
    buffer = np.zeros(2, np.float32)

    def observe(self):
        self.buffer[:] = self.place
        return self.buffer


class StaysFallen(Walk):
    fallen = False

    def has_fallen(self):
        before, self.fallen = self.fallen, super().has_fallen() or self.time == 9
        return before or self.fallen


ENVIRONMENTS = [
    *(LosesItsNumbers, KnowsOneSeed, ClipsInPlace, ReusesItsBuffer, StaysFallen)
]


class ForgetsTheSeed(gym.Wrapper):
    def reset(self, *, seed=None, options=None):
        return self.env.reset(options=options)


class ScalesAllButTheLast(gym.Wrapper):
    def __init__(self, env):
        super().__init__(env)
        space = env.observation_space
        self.observation_space = gym.spaces.Box(
            space.low / 2, space.high / 2, dtype=space.dtype
        )

    def reset(self, **arguments):
        observ, info = self.env.reset(**arguments)
        return observ / 2, info

    def step(self, action):
        observ, reward, terminated, truncated, info = self.env.step(action)
        if not (terminated or truncated):
            observ = observ / 2
        return observ, reward, terminated, truncated, info


WRAPPERS = [ForgetsTheSeed, ScalesAllButTheLast]


class LosesTheLastReward(rltools.BatchEnv):
    def __init__(self, constructors):
        super().__init__([make() for make in constructors])

    def step(self, actions):
        observ, reward, terminated, truncated, info = super().step(actions)
        reward = np.where(terminated | truncated, 0.0, reward)
        return observ, reward, terminated, truncated, info


class TakesTimeLimitsForFailures(LinearActorCritic):
    def _goes_on(self, terminated, truncated):
        return ~(terminated | truncated)


class Trainer:
    """Never closes the environment that it started."""

    def train(self):
        self.env = ExternalProcess(Walk)
        self.env.reset(seed=0)


TRAINER = Trainer()
