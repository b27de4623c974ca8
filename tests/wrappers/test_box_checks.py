import gymnasium as gym
import numpy as np
import pytest

from rltools.errors import (
    InvalidActionError,
    InvalidObservationError,
    InvalidSpaceError,
)
from rltools.wrappers.box_checks import action_array, observation_array, require_box

BOX = gym.spaces.Box(0, 5, (2,), np.float32)


@pytest.mark.parametrize("dtype", [np.float16, np.float64, np.uint8, np.int64])
def test_box_of_numbers(dtype):
    space = gym.spaces.Box(0, 5, (2,), dtype)
    assert require_box(space, "name", "User") is space


@pytest.mark.parametrize(
    "space", [gym.spaces.Discrete(2), gym.spaces.Box(0, 1, (2,), np.bool_)]
)
def test_other_space(space):
    with pytest.raises(InvalidSpaceError, match="name: User needs a Box of numbers"):
        require_box(space, "name", "User")


@pytest.mark.parametrize("dtype", [np.float32, np.float16, np.uint8])
def test_observation_that_can_be_cast_without_loss(dtype):
    array = observation_array(BOX, np.array([9, 9], dtype))
    assert array.dtype == np.float32
    assert array.tolist() == [9, 9]


@pytest.mark.parametrize(
    "observ",
    [
        np.zeros(2),
        np.zeros(2, np.int64),
        np.zeros((1, 2), np.float32),
        np.float32(0),
        [0.0, 0.0],
        None,
    ],
)
def test_bad_observation(observ):
    with pytest.raises(
        InvalidObservationError, match=r"shape \(2,\) and dtype float32"
    ):
        observation_array(BOX, observ)


@pytest.mark.parametrize("action", [np.array([1.0, 5.0]), [1, 5], (np.int64(1), 5.0)])
def test_action_in_the_space(action):
    array = action_array(BOX, action)
    assert array.dtype == np.float32
    assert array.tolist() == [1, 5]


@pytest.mark.parametrize(
    ("action", "message"),
    [
        (np.array([1.0, 5.1]), r"action\[1\]: expected a value from 0.0 to 5.0"),
        ([np.nan, 0], r"action\[0\].*got nan"),
        ([1e300, 0], r"action\[0\].*got inf"),
        ([1], r"action: expected shape \(2,\), got \(1,\)"),
        ([1j, 0], "action: expected an array of shape"),
        ([[1, 2], 3], "action: expected an array of shape"),
        ("no", "action: expected an array of shape"),
    ],
)
def test_bad_action(action, message):
    with pytest.raises(InvalidActionError, match=message):
        action_array(BOX, action)


def test_actions_of_integers_are_not_cast_with_loss():
    space = gym.spaces.Box(0, 5, (1,), np.int32)
    assert action_array(space, np.array([3], np.int16)).dtype == np.int32
    for bad in (np.array([3.0]), np.array([3], np.int64)):
        with pytest.raises(InvalidActionError, match="dtype int32"):
            action_array(space, bad)
