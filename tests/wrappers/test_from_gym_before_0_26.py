"""Environments with the interfaces that gym had before 0.26."""

import copy
import pickle
import sys

import gym as old_gym
import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from rltools.errors import (
    InvalidArgumentError,
    InvalidResultError,
    InvalidSpaceError,
)
from rltools.wrappers import FromGym


class Walk:
    """A random walk as written for gym 0.21: four items, `seed` method, `mode`."""

    metadata = {"render.modes": ["human", "ansi"], "video.frames_per_second": 30}
    observation_space = old_gym.spaces.Box(-99, 99, (1,), np.int64)
    action_space = old_gym.spaces.Discrete(2)

    def __init__(self, duration=5, info=None):
        self.duration = duration
        self.info = info or {}
        self.random = np.random.RandomState()
        self.calls = []

    def seed(self, seed=None):
        self.calls.append(("seed", seed))
        self.random = np.random.RandomState(seed)

    def reset(self):
        self.calls.append("reset")
        self.time = 0
        self.place = self.random.randint(-9, 10)
        return np.array([self.place])

    def step(self, action):
        self.time += 1
        self.place += self.random.randint(2) - action
        done = self.time >= self.duration
        return np.array([self.place]), 0.5, np.bool_(done), dict(self.info)

    def render(self, mode="human"):
        self.calls.append(("render", mode))
        return f"at {self.place}"

    def close(self):
        self.calls.append("close")


class SeededReset(Walk):
    """As written for gym 0.22 to 0.25: `reset` takes a seed, returns info if told."""

    def reset(self, *, seed=None, return_info=False, options=None):
        self.calls.append((seed, return_info, options))
        super().seed(seed)
        observ = super().reset()
        return (observ, {"place": self.place}) if return_info else observ


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("make", [Walk, SeededReset])
def test_passes_the_checker_of_gymnasium(make):
    check_env(FromGym(make()), skip_render_check=True)


@pytest.mark.parametrize("make", [Walk, SeededReset])
def test_same_seed_gives_same_episode(make, play):
    env = FromGym(make())
    episodes = [[result[0].tolist() for result in play(env, seed=s)] for s in (3, 3, 4)]
    assert episodes[0] == episodes[1] != episodes[2]


@pytest.mark.parametrize(
    ("info", "expected"),
    [
        ({}, (True, False)),
        ({"TimeLimit.truncated": False}, (True, False)),
        ({"TimeLimit.truncated": True}, (False, True)),
    ],
)
def test_done_becomes_terminated_or_truncated(info, expected, play):
    _, *steps = play(FromGym(Walk(4, info)))
    assert [step[2:4] for step in steps] == [*[(False, False)] * 3, expected]
    assert all(type(flag) is bool for step in steps for flag in step[2:4])
    assert all(step[1] == 0.5 and step[4] == info for step in steps)


def test_seed_goes_to_the_method_before_the_reset():
    inner = Walk()
    env = FromGym(inner)
    assert env.reset(seed=3)[1] == {}
    env.reset()
    assert inner.calls == [("seed", 3), "reset", "reset"]


def test_seed_and_options_go_to_a_reset_that_takes_them():
    inner = SeededReset()
    observ, info = FromGym(inner).reset(seed=3, options={"level": 1})
    assert inner.calls[0] == (3, True, {"level": 1})
    assert info == {"place": int(observ[0])}


def test_wrappers_in_between_make_no_difference():
    for make in (Walk, SeededReset):
        inner = make()
        inner.reward_range = (-1, 1)
        env = FromGym(old_gym.Wrapper(old_gym.wrappers.OrderEnforcing(inner)))
        observ, _ = env.reset(seed=3)
        expected, _ = FromGym(make()).reset(seed=3)
        assert observ.tolist() == expected.tolist()
        env.step(0)
        assert env.get_wrapper_attr("duration") == 5


def test_environment_that_cannot_be_seeded():
    class Unseeded(Walk):
        seed = property()

    env = FromGym(Unseeded())
    with pytest.warns(UserWarning, match="can't be seeded"):
        env.reset(seed=3)


def test_options_that_reach_nobody():
    env = FromGym(Walk())
    with pytest.raises(InvalidArgumentError, match=r"no options.*\{'level': 1\}"):
        env.reset(options={"level": 1})
    env.reset(options={})


def test_reset_that_takes_anything():
    class Lenient(Walk):
        def reset(self, **kwargs):
            self.calls.append(kwargs)
            return super().reset()

    inner = Lenient()
    FromGym(inner).reset(seed=3, options={"level": 1})
    assert inner.calls[0] == {"seed": 3, "options": {"level": 1}}


COIN = gym.spaces.Discrete(2)
PURSE = gym.spaces.Dict(a=COIN, b=COIN)


@pytest.mark.parametrize(
    ("space", "observ"),
    [
        (gym.spaces.Tuple([COIN, PURSE]), (1, {"a": 1, "b": 0})),
        (gym.spaces.Tuple([COIN, PURSE, COIN]), (1, {"a": 1, "b": 0}, 0)),
        (gym.spaces.Tuple([COIN, COIN]), (1, 0)),
        (PURSE, {"a": 1, "b": 0}),
    ],
)
def test_observation_that_looks_like_one_with_info(space, observ):
    class Odd(Walk):
        observation_space = space

        def reset(self):
            return observ

    assert FromGym(Odd()).reset() == (observ, {})


def test_render_by_mode():
    inner = Walk()
    env = FromGym(inner, render_mode="ansi")
    assert env.render_mode == "ansi"
    assert env.metadata == {"render_modes": ["human", "ansi"], "render_fps": 30}
    env.reset()
    assert env.render() == f"at {inner.place}"
    assert ("render", "human") not in inner.calls


def test_render_mode_of_the_environment_itself():
    inner = Walk()
    inner.render_mode = "ansi"
    env = FromGym(inner)
    env.reset()
    assert env.render() == f"at {inner.place}"
    assert FromGym(inner, render_mode="human").render_mode == "human"


def test_without_render_mode_nothing_is_rendered():
    inner = Walk()
    env = FromGym(inner)
    env.reset()
    assert env.render() is None
    assert inner.calls == ["reset"]


def test_human_mode_renders_by_itself():
    inner = Walk()
    env = FromGym(inner, render_mode="human")
    env.reset()
    env.step(0)
    assert inner.calls == ["reset", ("render", "human"), ("render", "human")]


def test_close_reaches_the_environment_once():
    inner = Walk()
    env = FromGym(inner)
    env.close()
    env.close()
    assert inner.calls == ["close"]


def test_works_without_the_package(monkeypatch):
    class Modern(Walk):
        observation_space = gym.spaces.Box(-99, 99, (1,), np.int64)
        action_space = gym.spaces.Discrete(2)

    monkeypatch.setitem(sys.modules, "gym", None)
    env = FromGym(Modern())
    assert env.observation_space is Modern.observation_space
    env.reset(seed=1)
    env.step(0)


def test_copies_go_on_alike():
    env = FromGym(Walk())
    env.reset(seed=3)
    for twin in (copy.deepcopy(env), pickle.loads(pickle.dumps(env))):
        assert twin.reset()[0].tolist() == copy.deepcopy(env).reset()[0].tolist()


@pytest.mark.parametrize("result", [None, (1, 2, 3), [1, 2, 3, 4], (1,) * 6])
def test_step_that_returns_something_else(result):
    class Broken(Walk):
        def step(self, action):
            return result

    with pytest.raises(InvalidResultError, match="four or five items"):
        FromGym(Broken()).step(0)


def test_space_that_is_none_of_gym():
    class Strange(Walk):
        observation_space = "anything"

    with pytest.raises(InvalidSpaceError, match="observation_space: expected a space"):
        FromGym(Strange())
