import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from examples.ppo.algorithm.chunks import from_chunks, to_chunks

SIZES = st.integers(1, 4)


def rollout_of(steps, envs, *rest):
    """Every number is its step and environment: 203 is step 2 of environment 3."""
    numbers = 100 * np.arange(steps)[:, None] + np.arange(envs)
    return np.broadcast_to(
        numbers.reshape(steps, envs, *[1] * len(rest)), (steps, envs, *rest)
    )


@settings(max_examples=30, deadline=None)
@given(SIZES, SIZES, SIZES, st.lists(SIZES, max_size=2))
def test_chunks_are_consecutive_steps_of_one_environment(length, count, envs, rest):
    rollout = rollout_of(length * count, envs, *rest)
    chunks = to_chunks(tf.constant(rollout), length).numpy()
    assert chunks.shape == (length, count * envs, *rest)
    numbers = chunks.reshape(length, count * envs, -1)[..., 0]
    assert sorted(numbers.ravel()) == sorted(rollout_of(length * count, envs).ravel())
    for chunk in numbers.T:
        steps, env = np.divmod(chunk, 100)
        assert len(set(env)) == 1
        assert steps[0] % length == 0
        np.testing.assert_array_equal(steps, steps[0] + np.arange(length))
    # Those of the same steps are next to each other, in the order of environments.
    assert numbers[0].tolist() == sorted(numbers[0])


@settings(max_examples=30, deadline=None)
@given(SIZES, SIZES, SIZES, st.lists(SIZES, max_size=2))
def test_joining_undoes_cutting(length, count, envs, rest):
    rollout = rollout_of(length * count, envs, *rest)
    chunks = to_chunks(
        {"a": tf.constant(rollout), "b": [tf.constant(-rollout)]}, length
    )
    joined = from_chunks(chunks, envs)
    np.testing.assert_array_equal(joined["a"], rollout)
    np.testing.assert_array_equal(joined["b"][0], -rollout)


def test_cutting_undoes_joining():
    chunks = tf.reshape(tf.range(24), [3, 4, 2])
    np.testing.assert_array_equal(to_chunks(from_chunks(chunks, 2), 3), chunks)


@pytest.mark.parametrize("length", [1, 2])
def test_states_of_no_length_have_chunks_too(length):
    states = tf.zeros([4, 3, 0])
    chunks = to_chunks(states, length)
    assert chunks.shape == (length, 12 // length, 0)
    assert from_chunks(chunks, 3).shape == (4, 3, 0)
