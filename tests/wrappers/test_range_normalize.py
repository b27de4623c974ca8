import gymnasium as gym
import numpy as np
import pytest

from rltools.checks import differences
from rltools.errors import (
    InvalidActionError,
    InvalidArgumentError,
    InvalidObservationError,
    InvalidSpaceError,
)
from rltools.mocks import MockEnvironment
from rltools.wrappers import ClipAction, RangeNormalize

PLANE = gym.spaces.Box(np.float32([0, -4]), np.float32([10, 4]))
HALF = gym.spaces.Box(np.float32([0, -np.inf]), np.float32([10, 4]))
UNIT = gym.spaces.Box(-1.0, 1.0, (2,), np.float32)
COUNT = gym.spaces.Discrete(3)
FRAMES = [np.array(frame, np.float32) for frame in ([5, 0], [10, -4], [0, 4])]


@pytest.fixture
def make(scripted):
    def make_env(
        observation_space=PLANE, action_space=PLANE, *, frames=FRAMES, **options
    ):
        return scripted(frames, observation_space, action_space=action_space, **options)

    return make_env


def test_spaces_and_values_change_together(make):
    inner = make()
    env = RangeNormalize(inner)
    assert env.observation_space == env.action_space == UNIT
    assert env.reset()[0].tolist() == [0, 0]
    # The second frame is an end of the episode's middle, the third its end.
    assert env.step(np.array([-1, -1], np.float32))[0].tolist() == [1, -1]
    assert env.step(np.array([0.5, 1], np.float32))[0].tolist() == [-1, 1]
    np.testing.assert_array_equal(inner.actions, [[0, -4], [7.5, 4]])
    assert all(action in inner.action_space for action in inner.actions)


@pytest.mark.parametrize("observ", [None, True, False])
@pytest.mark.parametrize("action", [None, True, False])
def test_switches(make, observ, action):
    inner = make()
    env = RangeNormalize(inner, observ=observ, action=action)
    assert env.observation_space == (PLANE if observ is False else UNIT)
    assert env.action_space == (PLANE if action is False else UNIT)
    env.reset()
    result = env.step(np.array([0, 0], np.float32))[0]
    assert result.tolist() == ([10, -4] if observ is False else [1, -1])
    sent = inner.actions[0].tolist()
    assert sent == ([0, 0] if action is False else [5, 0])


def test_unbounded_dimension_is_left_alone(make):
    env = RangeNormalize(make(HALF, HALF))
    assert env.observation_space.low.tolist() == [-1, -np.inf]
    assert env.observation_space.high.tolist() == [1, 4]
    env.reset()
    assert env.step(np.array([1, -7], np.float32))[0].tolist() == [1, -4]
    np.testing.assert_array_equal(env.unwrapped.actions, [[10, -7]])


@pytest.mark.parametrize("space", [HALF, COUNT, gym.spaces.Dict(plane=PLANE)])
@pytest.mark.parametrize("name", ["observ", "action"])
def test_demanded_but_impossible(name, space):
    attribute = {"observ": "observation_space", "action": "action_space"}[name]
    spaces = {"observation_space": PLANE, "action_space": PLANE, attribute: space}
    inner = MockEnvironment(**spaces)
    with pytest.raises(InvalidSpaceError, match=f"{name}=True needs a Box"):
        RangeNormalize(inner, **{name: True})
    assert getattr(RangeNormalize(inner, **{name: False}), attribute) is space


def test_other_spaces_are_left_alone_by_default(make):
    space = gym.spaces.Dict(plane=PLANE)
    frames = [{"plane": frame} for frame in FRAMES]
    env = RangeNormalize(make(space, COUNT, frames=frames))
    assert env.observation_space is space
    assert env.action_space is COUNT
    env.reset()
    assert not differences(frames[1], env.step(2)[0], "observ")
    assert env.unwrapped.actions == [2]


def test_box_without_bounds_is_left_alone(make):
    space = gym.spaces.Box(-np.inf, np.inf, (2,), np.int64)
    frames = [np.array([number, 0]) for number in (5, 2**60 + 1)]
    env = RangeNormalize(make(space, space, frames=frames))
    assert env.observation_space is space
    assert env.action_space is space
    action = np.array([2**60 + 1, 0])
    env.reset()
    assert not differences(frames[1], env.step(action)[0], "observ")
    assert env.unwrapped.actions[0] is action


def test_integer_actions_are_rounded(make):
    inner = make(action_space=gym.spaces.Box(0, 4, (1,), np.uint8))
    env = RangeNormalize(inner, action=True)
    assert env.action_space == gym.spaces.Box(-1.0, 1.0, (1,), np.float32)
    env.reset()
    env.step(np.array([0.4], np.float32))
    env.step(np.array([-0.9], np.float32))
    assert [action.tolist() for action in inner.actions] == [[3], [0]]
    assert inner.actions[0].dtype == np.uint8


@pytest.mark.parametrize(
    "action", [[1.01, 0], [0, -1.01], [np.nan, 0], [0], 0.0, ["a", "b"], None, [[0], 1]]
)
def test_action_outside_of_the_space(make, action):
    inner = make()
    env = RangeNormalize(inner)
    env.reset()
    with pytest.raises(InvalidActionError, match="action"):
        env.step(action)
    assert inner.actions == []


def test_clip_action_around_accepts_any(make):
    inner = make()
    env = ClipAction(RangeNormalize(inner))
    env.reset()
    env.step(np.array([99.0, -np.inf], np.float32))
    np.testing.assert_array_equal(inner.actions, [[10, -4]])


def test_float64_and_lists_will_do_as_actions(make):
    inner = make()
    env = RangeNormalize(inner)
    env.reset()
    env.step([0.5, 0])
    env.step(np.array([0.5, 0]))
    np.testing.assert_array_equal(inner.actions, [[7.5, 0]] * 2)
    assert inner.actions[1].dtype == np.float32


def test_observation_outside_of_its_bounds_shows(make):
    frames = [FRAMES[0], np.array([15, 0], np.float32)]
    env = RangeNormalize(make(frames=frames, allow_invalid=True))
    env.reset()
    observ = env.step(np.zeros(2, np.float32))[0]
    assert observ.tolist() == [2, 0]
    assert observ not in env.observation_space


def test_observation_of_the_wrong_shape(make):
    inner = make(frames=[np.array([5], np.float32)], allow_invalid=True)
    with pytest.raises(InvalidObservationError, match=r"shape \(2,\)"):
        RangeNormalize(inner).reset()


@pytest.mark.parametrize("value", [0, 1, "yes", np.True_])
@pytest.mark.parametrize("name", ["observ", "action"])
def test_bad_switch(make, name, value):
    with pytest.raises(InvalidArgumentError, match=f"{name} to be True, False or None"):
        RangeNormalize(make(), **{name: value})
