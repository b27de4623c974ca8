import numpy as np
import pytest
import tensorflow as tf

from examples.ppo.algorithm.memory import RolloutMemory, Transition

PAIR = tf.TensorSpec([2])
NUMBER, FLAG = tf.TensorSpec([]), tf.TensorSpec([], tf.bool)


def specs(observ=PAIR, state=0):
    vector = tf.TensorSpec([3])
    state = tf.TensorSpec([state])
    return Transition(observ, vector, state, NUMBER, NUMBER, FLAG, FLAG, FLAG, observ)


SPECS = [specs(), specs(state=2), specs(observ=tf.TensorSpec([4], tf.uint8))]
ALL_SPECS = pytest.mark.parametrize("specs", SPECS, ids=["plain", "state", "bytes"])


def steps(specs, *tags):
    """Transitions in which every field of one is made from a number, in its own way."""
    tags = np.array(tags)
    fields = []
    for place, spec in enumerate(specs):
        if spec.dtype == tf.bool:
            fields.append(tf.constant(tags % (place - 2) == 0))
        else:
            columns = 10 * place + np.arange(spec.shape[0] if spec.shape.rank else 1)
            values = tags[:, None] + columns
            values = values if spec.shape.rank else values[:, 0]
            fields.append(tf.cast(values, spec.dtype))
    return Transition(*fields)


def assert_holds(memory, tags):
    """Whether it holds the steps of these numbers, [length, num_envs]."""
    for row, expected in enumerate(tags):
        fields = steps(memory.specs, *expected)
        for name, values in memory.data()._asdict().items():
            spec = getattr(memory.specs, name)
            assert values.dtype == spec.dtype, name
            assert values.shape == (*np.shape(tags), *spec.shape), name
            np.testing.assert_array_equal(values[row], getattr(fields, name), name)


@ALL_SPECS
def test_holds_steps_by_time_and_environment(specs):
    # Env 0:  1 3 4    Env 1:  2 5 6
    memory = RolloutMemory(specs, num_envs=2, length=3)
    for indices, tags in [
        ((1, 0), (2, 1)),
        ((0,), (3,)),
        ((0, 1), (4, 5)),
        ((1,), (6,)),
    ]:
        assert not memory.full
        memory.append(tf.constant(indices), steps(specs, *tags))
    assert memory.full
    assert_holds(memory, [[1, 2], [3, 5], [4, 6]])


@ALL_SPECS
def test_takes_a_whole_rollout(specs):
    """In place of what there was, and as arrays too."""
    memory = RolloutMemory(specs, num_envs=2, length=3)
    memory.append(tf.constant([1]), steps(specs, 9))
    tags = [[1, 2], [3, 5], [4, 6]]
    rows = [steps(specs, *row) for row in tags]
    memory.fill(Transition(*[np.stack(field) for field in zip(*rows, strict=True)]))
    assert memory.full
    assert_holds(memory, tags)


def test_is_full_when_all_environments_are():
    memory = RolloutMemory(specs(), num_envs=2, length=1)
    memory.append(tf.constant([1]), steps(specs(), 7))
    assert not memory.full


def test_starts_over_when_cleared():
    memory = RolloutMemory(specs(), num_envs=2, length=1)
    for tag in (1, 3):
        memory.append(tf.constant([0, 1]), steps(specs(), tag, tag + 1))
        assert_holds(memory, [[tag, tag + 1]])
        memory.clear()
        assert not memory.full


@pytest.mark.parametrize("value", [0.0, -2.5, 1e30])
def test_numbers_stay_what_they_are(value):
    memory = RolloutMemory(specs(), num_envs=1, length=1)
    step = steps(specs(), 1)._replace(reward=tf.constant([value]))
    memory.append(tf.constant([0]), step)
    assert memory.data().reward.numpy() == np.float32(value)


def test_more_steps_than_fit_are_an_error():
    memory = RolloutMemory(specs(), num_envs=2, length=1)
    memory.append(tf.constant([0]), steps(specs(), 1))
    with pytest.raises(tf.errors.InvalidArgumentError):
        memory.append(tf.constant([0]), steps(specs(), 2))


def test_data_read_before_does_not_change():
    memory = RolloutMemory(specs(), num_envs=1, length=1)
    memory.append(tf.constant([0]), steps(specs(), 1))
    before = memory.data()
    memory.clear()
    memory.append(tf.constant([0]), steps(specs(), 2))
    np.testing.assert_array_equal(before.action, [steps(specs(), 1).action])


def test_fields_of_a_dtype_share_a_buffer():
    """As writing costs the same for one number as for many."""
    memory = RolloutMemory(SPECS[2], num_envs=2, length=3)
    shapes = {variable.name: variable.shape for variable in memory.variables}
    assert shapes == {"float32:0": [3, 2, 8], "uint8:0": [3, 2, 8], "sizes:0": [2]}
