import numpy as np
import pytest
import tensorflow as tf

from examples.ppo.networks.perceptron import Perceptron, orthogonal


@pytest.mark.parametrize("shape", [(3, 7), (7, 3), (4, 4), (1, 5), (5, 1)])
def test_orthogonal(shape):
    matrix = orthogonal(*shape, np.random.default_rng(0))
    small = matrix @ matrix.T if shape[0] < shape[1] else matrix.T @ matrix
    assert matrix.shape == shape
    assert matrix.dtype == np.float32
    np.testing.assert_allclose(small, np.eye(min(shape)), atol=1e-6)


def test_orthogonal_matrices_are_rotations_as_often_as_reflections():
    """The bare QR decomposition gives only one of them."""
    rng = np.random.default_rng(0)
    determinants = [np.linalg.det(orthogonal(2, 2, rng)) for _ in range(2000)]
    assert abs(np.mean(determinants)) < 0.1


@pytest.mark.parametrize("leading", [(6,), (2, 3), (2, 1, 3)])
def test_equals_numpy(leading):
    perceptron = Perceptron(
        [3, 5, 4, 2], output_gain=0.5, rng=np.random.default_rng(0), name="test"
    )
    for seed, bias in enumerate(perceptron.biases):
        bias.assign(tf.random.stateless_normal(bias.shape, [seed, 0]))
    inputs = np.random.default_rng(1).normal(size=(6, 3)).astype(np.float32)
    first, second, last = zip(perceptron.weights, perceptron.biases, strict=True)
    expected = np.tanh(inputs @ first[0].numpy() + first[1])
    expected = np.tanh(expected @ second[0].numpy() + second[1])
    expected = expected @ last[0].numpy() + last[1]
    actual = perceptron(tf.reshape(inputs, [*leading, 3]))
    assert actual.shape == (*leading, 2)
    np.testing.assert_allclose(
        tf.reshape(actual, [6, 2]), expected, rtol=1e-4, atol=1e-6
    )


def test_initial_weights_have_their_gains():
    perceptron = Perceptron(
        [9, 5, 4, 2], output_gain=0.5, rng=np.random.default_rng(0), name="test"
    )
    norms = [np.linalg.norm(weight, 2) for weight in perceptron.weights]
    np.testing.assert_allclose(norms, [2**0.5, 2**0.5, 0.5], rtol=1e-5)
    assert not any(bias.numpy().any() for bias in perceptron.biases)
