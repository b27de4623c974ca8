import gymnasium as gym
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_np

from rltools.errors import InvalidActionError, InvalidSpaceError
from rltools.wrappers import ClipAction

BOUNDS = gym.spaces.Box(np.float32([-2, 0.5]), np.float32([3, 0.75]))


def send(counting, space, action):
    inner = counting(3, action_space=space)
    env = ClipAction(inner)
    env.reset()
    env.step(action)
    return inner.actions[0]


@given(
    action=st_np.arrays(np.float32, 2, elements=st.floats(width=32, allow_nan=False))
)
def test_nearest_action_arrives(counting, action):
    """Law: any action of the unbounded space arrives as the nearest one in bounds."""
    sent = send(counting, BOUNDS, action)
    assert sent in BOUNDS
    assert sent.dtype == np.float32
    assert sent.tolist() == [
        max(low, min(high, x))
        for low, high, x in zip(BOUNDS.low, BOUNDS.high, action, strict=True)
    ]


def test_action_space_is_unbounded(counting):
    env = ClipAction(counting(1, action_space=BOUNDS))
    assert env.action_space == gym.spaces.Box(-np.inf, np.inf, (2,), np.float32)


@pytest.mark.parametrize("dtype", [np.uint8, np.int32])
def test_integers(counting, dtype):
    space = gym.spaces.Box(3, 5, (3,), dtype)
    info = np.iinfo(dtype)
    env = ClipAction(counting(1, action_space=space))
    assert env.action_space == gym.spaces.Box(info.min, info.max, (3,), dtype)
    sent = send(counting, space, np.array([info.min, 4, info.max], dtype))
    assert sent.dtype == dtype
    assert sent.tolist() == [3, 4, 5]


@pytest.mark.parametrize("action", [np.array([1e300, -1e300]), [7, -1]])
def test_other_number_types_arrive_in_the_dtype_of_the_space(counting, action):
    sent = send(counting, BOUNDS, action)
    assert sent.dtype == np.float32
    assert sent.tolist() == [3.0, 0.5]


def test_scalar_action(counting):
    sent = send(counting, gym.spaces.Box(0.0, 1.0, (), np.float32), np.float32(7))
    assert isinstance(sent, np.ndarray)
    assert sent.shape == ()
    assert sent == 1.0


@pytest.mark.parametrize(
    "action",
    [
        np.zeros(3, np.float32),
        np.float32([0.6, np.nan]),
        [np.nan, 0],
        ["1", "2"],
        None,
        [[1, 2], 3],
        1j,
    ],
)
def test_bad_action(counting, action):
    with pytest.raises(InvalidActionError, match="action"):
        send(counting, BOUNDS, action)


def test_float_action_for_integers(counting):
    with pytest.raises(InvalidActionError, match="dtype int32"):
        send(counting, gym.spaces.Box(0, 5, (1,), np.int32), np.array([1.5]))


@pytest.mark.parametrize(
    "space", [gym.spaces.Discrete(3), gym.spaces.Box(0, 1, (2,), np.bool_)]
)
def test_bad_space(counting, space):
    with pytest.raises(InvalidSpaceError, match="action_space: ClipAction needs"):
        ClipAction(counting(1, action_space=space))
