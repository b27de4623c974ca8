"""An environment that plays a script, and notes what it is asked."""

import gymnasium as gym
import numpy as np
import pytest

from rltools.checks import differences
from rltools.mocks import Episode, Faulty, ScriptedEnvironment, Transition, faults


class Noting(ScriptedEnvironment):
    """Notes the arguments of all calls, as the very objects that came."""

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.resets = []
        self.actions = []

    def reset(self, *, seed=None, options=None):
        self.resets.append((seed, options))
        return super().reset(seed=seed, options=options)

    def step(self, action):
        self.actions.append(action)
        return super().step(action)


@pytest.fixture(scope="session")
def scripted():
    """Make an environment that gives these observations in every episode.

    The last one ends the episode, with the flags. Infos have the time. With `reuse`,
    all observations are the same array, overwritten again and again.
    """

    def make(
        observations,
        observation_space,
        *,
        action_space=None,
        rewards=None,
        flags=(True, False),
        reuse=False,
        allow_invalid=False,
    ):
        first, *others = observations
        rewards = rewards or [0.0] * len(others)
        ends = [(False, False)] * (len(others) - 1) + [flags]
        rows = zip(others, rewards, ends, strict=False)
        transitions = [
            Transition(observ, reward, *flags, {"time": time})
            for time, (observ, reward, flags) in enumerate(rows, 1)
        ]
        env = Noting(
            [Episode(first, transitions, {"time": 0})],
            observation_space=observation_space,
            action_space=action_space or gym.spaces.Discrete(5),
            repeat=True,
            allow_invalid=allow_invalid,
        )
        return Faulty(env, faults.ReusedBuffer()) if reuse else env

    return make


@pytest.fixture(scope="session")
def counting(scripted):
    """Make an environment that observes the time, for a number of steps."""

    def make(duration, **kwargs):
        space = gym.spaces.Box(0, 100, (1,), np.float32)
        times = [np.array([time], np.float32) for time in range(duration + 1)]
        return scripted(times, space, **kwargs)

    return make


@pytest.fixture(scope="session")
def assert_same_trajectory():
    """Play three episodes in both environments, and compare all that they return."""

    def compare(expected, env, action):
        assert env.observation_space == expected.observation_space
        assert env.action_space == expected.action_space
        for seed in (1, 2, None):
            one, two = expected.reset(seed=seed), env.reset(seed=seed)
            assert not differences(one, two, "reset")
            ended = False
            while not ended:
                one, two = expected.step(action), env.step(action)
                assert not differences(one, two, "step")
                ended = one[2] or one[3]

    return compare


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
