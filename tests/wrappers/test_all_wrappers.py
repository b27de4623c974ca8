"""What holds for every wrapper, whatever it does."""

import copy
import pickle

import gym as old_gym
import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env as check_env_of_gymnasium
from gymnasium.utils.env_checker import data_equivalence

from rltools import wrappers
from rltools.checks import check_env, check_wrapper
from rltools.mocks import MockEnvironment

WRAPPERS = {
    "ActionRepeat": lambda env: wrappers.ActionRepeat(env, 3),
    "AutoReset": wrappers.AutoReset,
    "CacheSpaces": wrappers.CacheSpaces,
    "ClipAction": wrappers.ClipAction,
    "ConvertTo32Bit": wrappers.ConvertTo32Bit,
    "FrameDelta": wrappers.FrameDelta,
    "FrameHistory-flat": lambda env: wrappers.FrameHistory(env, (0, 2), True),
    "FrameHistory-stacked": lambda env: wrappers.FrameHistory(env, (3, 0, 1), False),
    "LimitDuration": lambda env: wrappers.LimitDuration(env, 17),
    "RandomStart": lambda env: wrappers.RandomStart(env, 4),
    "RangeNormalize": wrappers.RangeNormalize,
    "SelectInfo": lambda env: wrappers.SelectInfo(env, ["time"]),
}
# All that takes an environment; FromGym takes one of another kind.
NEEDS_BOX_ACTION = {"ClipAction"}
NEEDS_BOX_OBSERV = {"FrameDelta", "FrameHistory-flat", "FrameHistory-stacked"}
UNIT = gym.spaces.Box(-1.0, 1.0, (1,), np.float32)
NESTED = gym.spaces.Dict(
    {
        "image": gym.spaces.Box(0, 255, (2, 3), np.uint8),
        "parts": gym.spaces.Tuple(
            [gym.spaces.Discrete(3, start=-1), gym.spaces.MultiBinary(2)]
        ),
        "far": gym.spaces.Box(-9.0, 9.0, (), np.float64),
    }
)


def make_mock(observation_space):
    return MockEnvironment(
        observation_space=observation_space,
        action_space=gym.spaces.Box(-2.0, 3.0, (2,), np.float32),
        min_duration=3,
        max_duration=9,
    )


BASES = {
    "cartpole": lambda: gym.make("CartPole-v1"),
    "pendulum": lambda: gym.make("Pendulum-v1"),
    "mock-uint8": lambda: make_mock(gym.spaces.Box(0, 255, (2, 3), np.uint8)),
    "mock-int64": lambda: make_mock(gym.spaces.Box(-5, 5, (3,), np.int64)),
    "mock-scalar": lambda: make_mock(gym.spaces.Box(2.0, 3.0, (), np.float64)),
    "mock-nested": lambda: make_mock(NESTED),
}


def combine():
    for name in WRAPPERS:
        for base in BASES:
            if name in NEEDS_BOX_ACTION and base == "cartpole":
                continue
            if name in NEEDS_BOX_OBSERV and base == "mock-nested":
                continue
            yield name, base


PAIRS = list(combine())


def list_cases():
    for name, base in PAIRS:
        wrap, make = WRAPPERS[name], BASES[base]
        yield pytest.param(
            lambda wrap=wrap, make=make: wrap(make()), id=f"{name}-{base}"
        )
    for base in ("CartPole-v1", "Pendulum-v1"):
        yield pytest.param(
            lambda base=base: wrappers.FromGym(old_gym.make(base)), id=f"FromGym-{base}"
        )


CASES = list(list_cases())
WITH_SPEC = [case for case in CASES if "mock" not in case.id]
# Environments under the wrappers have no spec, bounds or render mode to please it.
ignore_advice = pytest.mark.filterwarnings("ignore::UserWarning")


@pytest.mark.parametrize(("name", "base"), PAIRS)
def test_wrapper_keeps_every_law(name, base):
    """Law: it changes what it means to; its calls arrive, whatever it is around."""
    report = check_wrapper(WRAPPERS[name], BASES[base], steps=20, at_most=40)
    assert len(report.passed) == 6, str(report)


@pytest.mark.parametrize("make", CASES)
def test_wrapped_environment_keeps_every_law(make):
    """Law: what is true of an environment is true of a wrapped one."""
    # S7 wants bounded actions, of which ClipAction makes unbounded ones on purpose.
    report = check_env(make, steps=40, episodes=1, processes=False, exclude=["S7"])
    report.raise_on_failure()


@ignore_advice
@pytest.mark.parametrize("make", CASES)
def test_passes_the_checker_of_gymnasium(make):
    check_env_of_gymnasium(make(), skip_render_check=True)


@pytest.mark.parametrize(
    "copies", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))]
)
@pytest.mark.parametrize("make", CASES)
def test_copy_goes_on_like_the_original(make, copies):
    """Law: a copy in mid-episode is independent and has the same future."""
    env = make()
    env.reset(seed=5)
    env.action_space.seed(5)
    env.step(env.action_space.sample())
    twin = copies(env)
    action = env.action_space.sample()
    result = env.step(action)
    assert data_equivalence(result, twin.step(action), exact=True)
    assert data_equivalence(env.reset(), twin.reset(), exact=True)


@pytest.mark.parametrize("make", WITH_SPEC)
def test_spec_makes_the_same_environment(make, play):
    """Law: make(env.spec) plays the episodes of env."""
    env = make()
    twin = gym.make(env.spec, disable_env_checker=True)
    assert twin.observation_space == env.observation_space
    assert twin.action_space == env.action_space
    assert data_equivalence(play(env), play(twin), exact=True)


@pytest.mark.parametrize("flags", [(True, False), (False, True), (True, True)])
@pytest.mark.parametrize("name", WRAPPERS)
def test_flags_pass_through(name, flags, counting, play):
    inner = counting(10, flags=flags, action_space=UNIT)
    _, *steps = play(WRAPPERS[name](inner))
    assert [step[2:4] for step in steps[:-1]] == [(False, False)] * (len(steps) - 1)
    assert steps[-1][2:4] == flags
    assert steps[-1][4] == {"time": 10}


@pytest.mark.parametrize("name", WRAPPERS)
def test_needs_an_environment(name):
    # Gymnasium's own check; it was an assertion before 1.4.
    with pytest.raises((TypeError, AssertionError), match=r"gymnasium\.Env"):
        WRAPPERS[name](object())


def test_every_export_exists_and_is_covered_here():
    covered = {name.split("-")[0] for name in WRAPPERS}
    elsewhere = {"ExternalProcess", "FromGym", "RayActor", "to_sb3"}
    assert set(wrappers.__all__) == covered | elsewhere
    for name in covered | {"FromGym"}:
        assert getattr(wrappers, name).__name__ == name
    assert set(wrappers.__all__) <= set(dir(wrappers))
    with pytest.raises(AttributeError, match="Nothing"):
        wrappers.Nothing  # noqa: B018
