import numpy as np
import pytest
import tensorflow as tf

from examples.ppo.networks.gru import GRU


def sigmoid(values):
    return 1 / (1 + np.exp(-values))


@pytest.fixture
def gru():
    cell = GRU(3, 4, rng=np.random.default_rng(0), name="test")
    cell.bias.assign(np.random.default_rng(1).normal(size=12))
    return cell


def test_equals_the_equations(gru):
    """A computation with NumPy, gate by gate and unit by unit."""
    rng = np.random.default_rng(2)
    inputs, state = rng.normal(size=(5, 3)), rng.normal(size=(5, 4))
    weights, recurrent, bias = (
        variable.numpy() for variable in (gru.inputs, gru.recurrent, gru.bias)
    )
    expected = np.zeros((5, 4))
    for unit in range(4):
        columns = unit, 4 + unit, 8 + unit
        update, reset, new = (inputs @ weights[:, i] + bias[i] for i in columns)
        old = [state @ recurrent[:, i] for i in columns]
        update, reset = sigmoid(update + old[0]), sigmoid(reset + old[1])
        candidate = np.tanh(new + reset * old[2])
        expected[:, unit] = update * state[:, unit] + (1 - update) * candidate
    actual = gru(tf.constant(inputs, tf.float32), tf.constant(state, tf.float32))
    np.testing.assert_allclose(actual, expected, rtol=1e-4, atol=1e-6)


def test_equals_that_of_keras(gru):
    """Whose gates are in the same order, the update gate first."""
    keras = tf.keras.layers.GRUCell(4, reset_after=True)
    keras.build((None, 3))
    bias = np.stack([gru.bias.numpy(), np.zeros(12)])
    keras.set_weights([gru.inputs.numpy(), gru.recurrent.numpy(), bias])
    inputs, state = tf.random.stateless_normal([2, 5, 4], [1, 2])
    expected, _ = keras(inputs[:, :3], state)
    np.testing.assert_allclose(
        gru(inputs[:, :3], state), expected, rtol=1e-4, atol=1e-6
    )


def test_weights_of_each_gate_start_orthogonal(gru):
    for name, size in [("inputs", 3), ("recurrent", 4)]:
        for gate in np.split(getattr(gru, name).numpy(), 3, 1):
            np.testing.assert_allclose(gate @ gate.T, np.eye(size), atol=1e-5)
    assert not GRU(2, 3, rng=np.random.default_rng(0), name="test").bias.numpy().any()


def test_a_state_stays_within_one():
    cell = GRU(3, 4, rng=np.random.default_rng(0), name="test")
    state = tf.zeros([2, 4])
    for seed in range(20):
        state = cell(100 * tf.random.stateless_normal([2, 3], [seed, 0]), state)
    assert np.abs(state).max() <= 1
