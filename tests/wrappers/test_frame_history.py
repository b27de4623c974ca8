import gymnasium as gym
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_np

from rltools.errors import (
    InvalidArgumentError,
    InvalidObservationError,
    InvalidSpaceError,
    ResetNeededError,
)
from rltools.mocks import MockEnvironment
from rltools.wrappers import FrameHistory

INDICES = st.lists(st.integers(0, 6), unique=True, max_size=5).map(
    lambda rest: [*[index for index in rest if index], 0]
)


def small_ints(shape):
    return st_np.arrays(np.int32, shape, elements=st.integers(-9, 9))


@given(
    data=st.data(),
    shape=st_np.array_shapes(min_dims=0, max_dims=3, max_side=3),
    indices=INDICES.flatmap(st.permutations),
    reuse=st.booleans(),
)
def test_equals_the_model(scripted, data, shape, indices, reuse):
    """Law: frame i of an observation is frame max(0, now - past_indices[i])."""
    frames = data.draw(st.lists(small_ints(shape), min_size=2, max_size=9))
    space = gym.spaces.Box(-9, 9, shape, np.int32)
    env = FrameHistory(scripted(frames, space, reuse=reuse), indices, False)
    assert env.observation_space == gym.spaces.Box(
        -9, 9, (len(indices), *shape), np.int32
    )
    for _ in range(2):
        observations = [env.reset()[0]]
        observations += [env.step(0)[0] for _ in frames[1:]]
        # Looked at in the end, so that one that changed after it was given shows.
        for now, observation in enumerate(observations):
            expected = [frames[max(0, now - index)] for index in indices]
            np.testing.assert_array_equal(observation, np.stack(expected))
            assert observation in env.observation_space


def test_timeline_of_the_docstring(scripted):
    space = gym.spaces.Box(1, 4, (1,), np.int32)
    env = FrameHistory(
        scripted([np.array([x], np.int32) for x in (1, 2, 3, 4)], space), (0, 2), True
    )
    observations = [env.reset()[0], *(env.step(0)[0] for _ in range(3))]
    assert np.array(observations).tolist() == [[1, 1], [2, 1], [3, 1], [4, 2]]


@given(data=st.data(), shape=st_np.array_shapes(max_dims=3, max_side=3))
def test_flatten_joins_the_first_two_axes(scripted, data, shape):
    """Law: flat is the stacked observation, reshaped; and so are the bounds."""
    frames = [data.draw(small_ints(shape)) for _ in range(2)]
    space = gym.spaces.Box(*np.sort(frames, axis=0), dtype=np.int32)
    stacked = FrameHistory(scripted(frames, space), (1, 0), False)
    flat = FrameHistory(scripted(frames, space), (1, 0), True)
    expected = (2 * shape[0], *shape[1:])
    for name in ("low", "high"):
        bound = getattr(stacked.observation_space, name).reshape(expected)
        np.testing.assert_array_equal(getattr(flat.observation_space, name), bound)
    pairs = [(stacked.reset()[0], flat.reset()[0])]
    pairs.append((stacked.step(0)[0], flat.step(0)[0]))
    for one, other in pairs:
        assert other.shape == expected
        np.testing.assert_array_equal(one.reshape(expected), other)


def test_changing_an_observation_changes_no_other(scripted):
    space = gym.spaces.Box(0, 9, (1,), np.int32)
    env = FrameHistory(
        scripted([np.array([x], np.int32) for x in (1, 2, 3)], space), (0, 1), True
    )
    first, _ = env.reset()
    first[:] = 9
    second = env.step(0)[0]
    assert second.tolist() == [2, 1]
    second[:] = 9
    assert env.step(0)[0].tolist() == [3, 2]


def test_step_before_reset(counting):
    with pytest.raises(ResetNeededError):
        FrameHistory(counting(2), (0,), False).step(0)


@pytest.mark.parametrize(
    ("indices", "message"),
    [
        ([], "to have 0"),
        ([1, 2], "to have 0"),
        ([0, 1, 1], "distinct"),
        ([0, -1], r"past_indices\[1\].*at least 0, got -1"),
        ([0, 1.0], r"past_indices\[1\]"),
        ("01", r"past_indices\[0\]"),
        (3, "list of integers, got 3"),
    ],
)
def test_bad_indices(counting, indices, message):
    with pytest.raises(InvalidArgumentError, match=message):
        FrameHistory(counting(2), indices, False)


def test_bad_flatten(counting):
    with pytest.raises(InvalidArgumentError, match="flatten to be a boolean, got 1"):
        FrameHistory(counting(2), [0], 1)


def test_numpy_indices_will_do(counting):
    env = FrameHistory(counting(2), np.array([0, 2]), False)
    assert env.reset()[0].tolist() == [[0.0], [0.0]]


def test_bad_space():
    space = gym.spaces.Discrete(2)
    env = MockEnvironment(observation_space=space, action_shape=(1,))
    with pytest.raises(InvalidSpaceError, match=r"FrameHistory needs a Box.*Discrete"):
        FrameHistory(env, [0], False)


@pytest.mark.parametrize(
    "bad", [np.zeros((2,), np.float32), np.zeros((1,), np.float64), [0.0]]
)
def test_observation_that_breaks_its_space(scripted, bad):
    good = np.zeros((1,), np.float32)
    space = gym.spaces.Box(0, 1, (1,), np.float32)
    env = FrameHistory(scripted([good, bad], space, allow_invalid=True), [0], False)
    env.reset()
    with pytest.raises(
        InvalidObservationError, match=r"shape \(1,\) and dtype float32"
    ):
        env.step(0)
