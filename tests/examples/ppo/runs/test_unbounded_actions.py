import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces
from hypothesis import given, settings
from hypothesis import strategies as st

from examples.ppo.runs.unbounded_actions import UnboundedActions
from rltools import mocks, nested, strategies, wrappers

FEW = spaces.Box(np.float32([-3, 1]), np.float32([1, 2]))
SPACE = spaces.Dict(
    b=spaces.Tuple([FEW, spaces.Discrete(3, start=2)]),
    a=spaces.Box(-np.inf, 5, (1,), np.float64),
    c=spaces.Box(-2, 2, (), np.int8),
)


class Recorder(gym.Env):
    """Remembers the actions."""

    observation_space = spaces.Discrete(1)

    def __init__(self, action_space):
        self.action_space = action_space
        self.actions = []

    def reset(self, *, seed=None, options=None):
        return 0, {}

    def step(self, action):
        assert self.action_space.contains(action), action
        self.actions.append(action)
        return 0, 0.0, False, False, {}


def sent(space, action, normalize):
    """The action that the environment gets."""
    env = Recorder(space)
    UnboundedActions(env, normalize=normalize).step(action)
    return env.actions[0]


@pytest.mark.parametrize(
    ("normalize", "few", "expected"),
    [
        (True, [0, 0], [-1, 1.5]),
        (True, [-1, 1], [-3, 2]),
        (True, [-9, 9], [-3, 2]),
        (True, [0.5, -0.5], [0, 1.25]),
        (False, [0, 1.5], [0, 1.5]),
        (False, [-9, 9], [-3, 2]),
    ],
)
def test_continuous_parts_are_brought_into_their_bounds(normalize, few, expected):
    # What has no bound below isn't scaled, and integers are the nearest ones.
    for a, c in [(-4.0, 0.4), (7.0, 0.9), (4.5, -7.0)]:
        action = {
            "b": (np.float32(few), np.int64(4)),
            "a": np.float32([a]),
            "c": np.float32(c),
        }
        actual = sent(SPACE, action, normalize)
        np.testing.assert_allclose(actual["b"][0], expected)
        assert actual["b"][1] == 4
        np.testing.assert_array_equal(actual["a"], [min(a, 5)])
        assert actual["c"] == np.clip(np.rint(2 * c if normalize else c), -2, 2)


def test_space_has_no_bounds_any_more():
    env = UnboundedActions(Recorder(SPACE), normalize=True)
    unbounded = [
        spaces.Box(-np.inf, np.inf, shape, np.float32) for shape in [(2,), (1,), ()]
    ]
    expected = spaces.Dict(
        b=spaces.Tuple([unbounded[0], spaces.Discrete(3, start=2)]),
        a=unbounded[1],
        c=unbounded[2],
    )
    assert env.action_space == expected


@settings(max_examples=60, deadline=None)
@given(strategies.spaces(kinds="array_like", max_side=2), st.booleans(), st.data())
def test_any_action_becomes_one_of_the_environment(space, normalize, data):
    """However large or small; the recorder checks it."""
    env = Recorder(space)
    wrapped = UnboundedActions(env, normalize=normalize)
    sample = data.draw(strategies.elements(wrapped.action_space))
    wrapped.step(sample)
    assert len(env.actions) == 1


@settings(max_examples=30, deadline=None)
@given(st.booleans(), st.lists(st.floats(-3, 3, width=32), min_size=2, max_size=2))
def test_equals_the_wrappers_for_a_single_box(normalize, numbers):
    """Which are `RangeNormalize` and `ClipAction`."""
    action = np.array(numbers, np.float32)
    nested_action = sent(spaces.Tuple([FEW]), (action,), normalize)
    env = single = Recorder(FEW)
    if normalize:
        single = wrappers.RangeNormalize(single, observ=False)
    wrappers.ClipAction(single).step(action)
    np.testing.assert_allclose(nested_action[0], env.actions[0], rtol=1e-6, atol=1e-6)


def test_works_with_the_double_of_an_environment():
    env = mocks.MockEnvironment((1,), action_space=SPACE, seed=0)
    wrapped = UnboundedActions(env, normalize=True)
    wrapped.reset(seed=0)
    action = nested.map(lambda part: part * 0 + 2, wrapped.action_space.sample())
    assert len(wrapped.step(action)) == 5


def test_infinite_actions_are_clipped_like_any_other():
    space = spaces.Tuple([spaces.Box(np.float32([2, 1]), np.float32([2, 3]))])
    (actual,) = sent(space, (np.float32([np.inf, -np.inf]),), True)
    np.testing.assert_array_equal(actual, [2, 1])
