import gymnasium as gym
import numpy as np
import pytest

from rltools.checks.rollout import Rollout, compare
from rltools.mocks import MockEnvironment
from rltools.mocks.broken import SoundEnvironment


def play(env=None, *, seed=1, **limits):
    limits = {"steps": 0, "episodes": 0, "at_most": 100, **limits}
    return Rollout(env or SoundEnvironment(), seed=seed).play(**limits)


def mock(length):
    return MockEnvironment((2,), (2,), length, length)


@pytest.mark.parametrize(
    ("limits", "steps", "episodes"),
    [
        ({}, 0, 0),
        ({"steps": 3}, 3, 0),
        ({"steps": 6}, 6, 1),
        ({"episodes": 2}, 10, 2),
        ({"steps": 7, "episodes": 1}, 7, 1),
        ({"steps": 7, "episodes": 2}, 10, 2),
        ({"episodes": 2, "at_most": 10}, 10, 2),
        ({"episodes": 2, "at_most": 9}, 9, 1),
        ({"steps": 7, "at_most": 6}, 6, 1),
    ],
)
def test_plays_enough_and_no_more(limits, steps, episodes):
    rollout = play(mock(5), **limits)
    assert len(rollout.steps) == steps
    assert rollout.episodes_ended == episodes
    assert [call.step for call in rollout.steps] == [
        step % 5 + 1 for step in range(steps)
    ]
    assert rollout.calls[0].where == "reset of episode 0"
    # No reset comes after the last end that is asked for.
    assert len(rollout.resets) == 1 + (steps - 1) // 5 if steps else 1


def test_ends_with_what_is_no_result():
    class Short(SoundEnvironment):
        def step(self, action):
            return super().step(action)[:4] if self.steps == 2 else super().step(action)

    rollout = play(Short(), steps=9)
    assert [call.is_complete for call in rollout.calls] == [True, True, True, False]


def test_repeats_with_its_own_seed():
    first = play(steps=30)
    again = Rollout(SoundEnvironment(), seed=1).repeat(first)
    other = Rollout(SoundEnvironment(), seed=2).repeat(first)
    assert list(compare(first, again)) == []
    assert len(again.calls) == len(first.calls)
    lines = list(compare(first, other))
    assert lines[0].startswith("reset of episode 0: observ[0]: expected ")
    assert all(line.startswith("reset of episode 0: ") for line in lines)
    assert len(Rollout(SoundEnvironment(), seed=1).repeat(first, at_most=3).calls) == 3


def test_errors_are_compared_too():
    class Raises(SoundEnvironment):
        def step(self, action):
            if self.steps == 2:
                raise ValueError("no")
            return super().step(action)

    first, second = play(steps=9), play(Raises(), steps=9)
    assert len(second.calls) == 4
    [line] = compare(first, second)
    assert line.startswith("step 3 of episode 0: expected no exception, got ValueError")
    assert list(compare(second, play(Raises(), steps=9))) == []


def test_numbers_may_be_of_another_type():
    class NumPyNumbers(SoundEnvironment):
        def step(self, action):
            observ, reward, terminated, truncated, info = super().step(action)
            flags = np.bool_(terminated), np.bool_(truncated)
            return observ, np.float64(reward), *flags, info

    first, second = play(steps=9), play(NumPyNumbers(), steps=9)
    assert len(list(compare(first, second))) == 3
    assert list(compare(first, second, same_types=False)) == []


def test_actions_come_from_a_copy_of_the_space():
    env = SoundEnvironment()
    env.action_space.seed(0)
    expected = gym.spaces.Discrete(2, seed=0).sample()
    play(env, steps=20)
    assert env.action_space.sample() == expected


def test_fewer_steps_of_what_is_large(monkeypatch):
    size = 3 * 4 + 3 * 8  # Observation and info, in bytes.
    monkeypatch.setattr("rltools.checks.rollout._LARGEST", 20 * size)
    assert len(play(steps=30).steps) == 20
    monkeypatch.setattr("rltools.checks.rollout._LARGEST", size)
    assert len(play(steps=30).steps) == 10


def test_spoiling_what_is_the_callers():
    for spoil in ("results", "action"):
        first = play(steps=20)
        spoiled = Rollout(SoundEnvironment(), seed=1, spoil=spoil).repeat(first)
        assert list(compare(first, spoiled)) == []
