import gymnasium as gym
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_np

from rltools.errors import (
    InvalidObservationError,
    InvalidSpaceError,
    ResetNeededError,
)
from rltools.mocks import MockEnvironment
from rltools.wrappers import FrameDelta

DTYPES = [np.uint8, np.int8, np.uint16, np.int16, np.uint32, np.int32]
DTYPES += [np.int64, np.uint64, np.float16, np.float32, np.float64]


@st.composite
def boxes_and_frames(draw):
    """Bounds of any dtype and frames within them, the extreme ones among them."""
    dtype = np.dtype(draw(st.sampled_from(DTYPES)))
    shape = draw(st_np.array_shapes(min_dims=0, max_dims=2, max_side=3))
    if dtype.kind == "f":
        largest = float(np.finfo(dtype).max) / 2
        numbers = st.floats(-largest, largest, width=8 * dtype.itemsize)
    elif dtype.itemsize == 8:
        middle = 2**63 if dtype.kind == "u" else 0
        numbers = st.integers(middle - 2**61, middle + 2**61)
    else:
        numbers = st.integers(np.iinfo(dtype).min, np.iinfo(dtype).max)
    low, high = np.sort(
        draw(st_np.arrays(dtype, (2, *shape), elements=numbers)), axis=0
    )
    low, high = np.asarray(low, dtype), np.asarray(high, dtype)
    frames = [low, high, low]
    for _ in range(draw(st.integers(0, 4))):
        frame = draw(st_np.arrays(dtype, shape, elements=numbers))
        frames.append(np.asarray(np.clip(frame, low, high), dtype))
    return gym.spaces.Box(low, high, dtype=dtype.type), draw(st.permutations(frames))


@given(case=boxes_and_frames(), reuse=st.booleans())
def test_equals_the_exact_difference(scripted, case, reuse):
    """Law: integer differences are exact, float ones rounded once, all in the space."""
    space, frames = case
    env = FrameDelta(scripted(frames, space, reuse=reuse))
    assert np.dtype(env.observation_space.dtype).kind in "if"
    observations = [env.reset()[0], *(env.step(0)[0] for _ in frames[1:])]
    previous = [frames[0], *frames]
    for frame, last, observation in zip(frames, previous, observations, strict=False):
        assert observation in env.observation_space
        if space.dtype.kind == "f":
            expected = frame - last
        else:
            expected = frame.astype(object) - last.astype(object)
        assert np.array_equal(observation, expected)


@given(case=boxes_and_frames())
def test_bounds_are_reached(scripted, case):
    """Law: going from low to high gives the upper bound, and back the lower one."""
    space, _ = case
    env = FrameDelta(scripted([space.low, space.high, space.low], space))
    env.reset()
    assert np.array_equal(env.step(0)[0], env.observation_space.high)
    assert np.array_equal(env.step(0)[0], env.observation_space.low)


@pytest.mark.parametrize(
    ("dtype", "low", "high", "expected"),
    [
        (np.uint8, 0, 255, np.int16),
        (np.uint8, 0, 127, np.int8),
        (np.int8, -128, 127, np.int16),
        (np.int32, 0, 10, np.int32),
        (np.int32, -(2**31), 2**31 - 1, np.int64),
        (np.uint64, 2**63, 2**63 + 5, np.int64),
        (np.float16, 0, 1, np.float16),
        (np.float64, -np.inf, np.inf, np.float64),
    ],
)
def test_dtype(scripted, dtype, low, high, expected):
    space = gym.spaces.Box(low, high, (2,), dtype)
    env = FrameDelta(scripted([space.low], space))
    assert env.observation_space.dtype == expected
    assert float(env.observation_space.high[0]) == high - low


def test_first_observation_is_zero_in_every_episode(counting):
    env = FrameDelta(counting(3))
    for _ in range(2):
        assert env.reset()[0].tolist() == [0.0]
        assert [env.step(0)[0].tolist() for _ in range(3)] == [[1.0]] * 3


@pytest.mark.parametrize(
    "space",
    [
        gym.spaces.Discrete(3),
        gym.spaces.Box(0, 1, (2,), np.bool_),
        gym.spaces.Box(-(2**63), 2**63 - 1, (2,), np.int64),
        gym.spaces.Box(0, 2**64 - 1, (2,), np.uint64),
    ],
)
def test_bad_space(space):
    with pytest.raises(InvalidSpaceError, match="FrameDelta needs"):
        FrameDelta(MockEnvironment(observation_space=space, action_shape=(1,)))


def test_step_before_reset(counting):
    with pytest.raises(ResetNeededError):
        FrameDelta(counting(2)).step(0)


def test_observation_that_breaks_its_space(scripted):
    frames = [np.zeros((2,), np.float32), np.zeros((1,), np.float32)]
    space = gym.spaces.Box(0, 1, (2,), np.float32)
    env = FrameDelta(scripted(frames, space, allow_invalid=True))
    env.reset()
    with pytest.raises(InvalidObservationError, match=r"shape \(2,\)"):
        env.step(0)
