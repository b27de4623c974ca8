import numpy as np
import pytest
import tensorflow as tf

from examples.ppo.memory import RolloutMemory, Transition


def number(dtype=tf.float32):
    return tf.TensorSpec([], dtype)


SPECS = Transition(
    tf.TensorSpec([2]),
    number(tf.int64),
    *[number()] * 3,
    *[number(tf.bool)] * 2,
    tf.TensorSpec([2]),
)


def steps(*tags):
    """Transitions in which every field of one is made from a number."""
    tags = np.array(tags)
    return Transition(
        *(
            tf.cast(tf.tile(tags[:, None], [1, *spec.shape]), spec.dtype)
            if spec.shape.rank
            else tf.cast(tags % 2 == 0 if spec.dtype == tf.bool else tags, spec.dtype)
            for spec in SPECS
        )
    )


def test_holds_steps_by_time_and_environment():
    # Env 0:  1 3 4    Env 1:  2 5 6
    memory = RolloutMemory(SPECS, num_envs=2, length=3)
    for indices, tags in [
        ((1, 0), (2, 1)),
        ((0,), (3,)),
        ((0, 1), (4, 5)),
        ((1,), (6,)),
    ]:
        assert not memory.full
        memory.append(tf.constant(indices), steps(*tags))
    assert memory.full
    expected = [[1, 2], [3, 5], [4, 6]]
    data = memory.data()
    np.testing.assert_array_equal(data.action, expected)
    np.testing.assert_array_equal(data.reward, expected)
    np.testing.assert_array_equal(data.observ[..., 1], expected)
    np.testing.assert_array_equal(data.next_observ[..., 0], expected)
    np.testing.assert_array_equal(data.terminated, np.array(expected) % 2 == 0)


def test_is_full_when_all_environments_are():
    memory = RolloutMemory(SPECS, num_envs=2, length=1)
    memory.append(tf.constant([1]), steps(7))
    assert not memory.full


def test_starts_over_when_cleared():
    memory = RolloutMemory(SPECS, num_envs=2, length=1)
    for tag in (1, 3):
        memory.append(tf.constant([0, 1]), steps(tag, tag + 1))
        np.testing.assert_array_equal(memory.data().action, [[tag, tag + 1]])
        memory.clear()
        assert not memory.full


def test_more_steps_than_fit_are_an_error():
    memory = RolloutMemory(SPECS, num_envs=2, length=1)
    memory.append(tf.constant([0]), steps(1))
    with pytest.raises(tf.errors.InvalidArgumentError):
        memory.append(tf.constant([0]), steps(2))


def test_data_read_before_does_not_change():
    memory = RolloutMemory(SPECS, num_envs=1, length=1)
    memory.append(tf.constant([0]), steps(1))
    before = memory.data()
    memory.clear()
    memory.append(tf.constant([0]), steps(2))
    np.testing.assert_array_equal(before.action, [[1]])
