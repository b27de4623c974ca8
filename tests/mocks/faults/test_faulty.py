"""Faulty environments in this process."""

import copy
import pickle
import time

import cloudpickle
import gymnasium as gym
import numpy as np
import pytest

from rltools.errors import InjectedError, InvalidArgumentError, ResetNeededError
from rltools.mocks import Faulty, MockEnvironment, faults, faulty

ACTION = np.zeros(1, np.float32)


def make_mock(duration=3):
    return MockEnvironment((2,), (1,), duration, duration, seed=0)


def test_without_faults_nothing_changes():
    plain, env = make_mock(), Faulty(make_mock())
    for _ in range(3):
        np.testing.assert_array_equal(plain.reset(seed=4)[0], env.reset(seed=4)[0])
        for _ in range(3):
            (observ, *rest), (expected, *others) = env.step(ACTION), plain.step(ACTION)
            np.testing.assert_array_equal(observ, expected)
            assert rest == others
    assert env.schedule == []
    assert isinstance(env, gym.Wrapper)
    assert env.unwrapped.durations == [3, 3, 3]


def test_options_are_passed_on():
    class Env(gym.Env):
        observation_space = action_space = gym.spaces.Discrete(2)

        def reset(self, *, seed=None, options=None):
            return 0, {"got": (seed, options)}

    _, info = Faulty(Env()).reset(seed=3, options={"a": 1})
    assert info == {"got": (3, {"a": 1})}


def test_an_exception_comes_before_the_step_and_is_told_where():
    env = Faulty(make_mock(), faults.Raise(at_step=2))
    env.reset()
    env.step(ACTION)
    with pytest.raises(InjectedError, match=r"Raise\(at_step=2\) in episode 0, at st"):
        env.step(ACTION)
    assert env.unwrapped.steps == [1]
    env.step(ACTION)  # The next try is the third step for the fault.
    assert env.unwrapped.steps == [2]


def test_an_exception_at_the_end_comes_after_the_last_step():
    env = Faulty(make_mock(1), faults.Raise(at="end"))
    env.reset()
    with pytest.raises(InjectedError, match="at='end'"):
        env.step(ACTION)
    assert env.unwrapped.steps == [1]


def test_an_exception_at_a_reset_comes_before_it():
    env = Faulty(make_mock(), faults.Raise(at="reset", episode=1))
    env.reset()
    with pytest.raises(InjectedError):
        env.reset()
    assert env.unwrapped.steps == [0]
    env.reset()


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, lambda _: OSError(5)])
def test_any_exception(error):
    env = Faulty(make_mock(), faults.Raise(error=error))
    with pytest.raises(type(error("x"))):
        env.reset()


def test_constructor():
    with pytest.raises(InjectedError, match="in the constructor"):
        Faulty(make_mock(), faults.Raise(at="constructor"))


def test_slow():
    env = Faulty(make_mock(), faults.Slow(at_step=1, seconds=0.05))
    env.reset()
    started = time.perf_counter()
    env.step(ACTION)
    assert time.perf_counter() - started >= 0.05
    started = time.perf_counter()
    env.step(ACTION)
    assert time.perf_counter() - started < 0.05


@pytest.mark.parametrize("flag", ["terminated", "truncated"])
def test_a_corruption_can_reach_the_terminal_observation_alone(flag):
    class Env(gym.Env):
        observation_space = gym.spaces.Box(0, 1, (1,))
        action_space = gym.spaces.Discrete(2)

        def reset(self, *, seed=None, options=None):
            return np.zeros(1, np.float32), {}

        def step(self, action):
            ends = {"terminated": False, "truncated": False, flag: bool(action)}
            return np.zeros(1, np.float32), 0.0, *ends.values(), {}

    env = Faulty(Env(), faults.NotANumber(at="end"))
    assert env.reset()[0] == 0
    assert env.step(0)[0] == 0
    observ, *_ = env.step(1)
    assert np.isnan(observ).all()


def test_faults_compose():
    plan = (faults.WrongDtype(at_step=1), faults.WrongShape(at_step=1))
    env = Faulty(make_mock(), *plan)
    env.reset()
    observ, *_ = env.step(ACTION)
    assert (observ.shape, observ.dtype) == ((1, 2), np.float64)
    nested = Faulty(Faulty(make_mock(), plan[0]), plan[1])
    nested.reset()
    observ, *_ = nested.step(ACTION)
    assert (observ.shape, observ.dtype) == ((1, 2), np.float64)


def test_before_the_first_reset_the_environment_is_asked():
    env = Faulty(make_mock(), faults.Raise())
    with pytest.raises(ResetNeededError):
        env.step(ACTION)
    assert env.schedule == []


def test_a_bad_seed_is_refused():
    with pytest.raises(InvalidArgumentError, match="seed"):
        Faulty(make_mock()).reset(seed=-1)


def test_the_schedule_that_is_returned_is_a_copy():
    env = Faulty(make_mock(), faults.NotANumber())
    env.reset()
    env.schedule.clear()
    assert len(env.schedule) == 1


@pytest.mark.parametrize(
    "duplicate", [copy.deepcopy, lambda env: pickle.loads(pickle.dumps(env))]
)
def test_copies_go_on_alike_and_apart(duplicate):
    env = Faulty(make_mock(9), faults.NotANumber(probability=0.5), seed=2)
    env.reset()
    twin = duplicate(env)
    before = env.schedule
    for _ in range(5):
        np.testing.assert_array_equal(env.step(ACTION)[0], twin.step(ACTION)[0])
    assert env.schedule == twin.schedule != before


def test_faulty_constructors_make_and_can_be_pickled():
    fault = faults.NotANumber(probability=0.5)
    make = faulty(make_mock, fault, seed=3, env_index=4)
    make = cloudpickle.loads(cloudpickle.dumps(make))
    first, second = make(), make()
    assert first.unwrapped is not second.unwrapped
    for _ in range(9):
        first.reset()
        second.reset()
    expected = faults.expected_schedule([fault], [1] * 9, seed=3, env_index=4)
    expected = [each for each in expected if each.place == "reset"]
    assert first.schedule == second.schedule == expected != []


def test_a_constructor_that_fails_leaves_nothing_open():
    made = []

    def make():
        made.append(make_mock())
        return made[-1]

    with pytest.raises(InjectedError):
        faulty(make, faults.Raise(at="constructor"))()
    with pytest.raises(Exception, match="closed"):
        made[0].reset()


def test_a_constructor_must_be_one():
    with pytest.raises(InvalidArgumentError, match="make to be callable"):
        faulty(make_mock(), faults.Raise())
