import gymnasium as gym
import numpy as np
import pytest
import tensorflow as tf

from examples.ppo.algorithm.flat_spaces import FlatObservations
from examples.ppo.networks.convolution import Convolution


def picture(*shape):
    return gym.spaces.Box(0, 255, shape, np.uint8)


def build(space, filters, scale=1.0):
    return Convolution(
        FlatObservations(space),
        filters,
        scale=scale,
        rng=np.random.default_rng(0),
        name="test",
    )


def convolve(image, kernel, bias, stride):
    """A padded convolution [height, width, channels] and rectifier, place by place."""
    size = kernel.shape[0]
    outputs = [-(-side // stride) for side in image.shape[:2]]
    margins = [
        max((out - 1) * stride + size - side, 0)
        for out, side in zip(outputs, image.shape, strict=False)
    ]
    padded = np.pad(image, [(m // 2, m - m // 2) for m in margins] + [(0, 0)])
    result = np.zeros((*outputs, kernel.shape[-1]))
    for row, column in np.ndindex(*outputs):
        top, left = row * stride, column * stride
        patch = padded[top : top + size, left : left + size]
        result[row, column] = np.tensordot(patch, kernel, 3) + bias
    return np.maximum(result, 0)


@pytest.mark.parametrize("shape", [(9, 6, 3), (3, 9, 6)])
def test_equals_numpy(shape):
    """Also where channels come first."""
    module = build(picture(*shape), (4, 5, 2), scale=0.5)
    for seed, bias in enumerate(module.biases[0]):
        bias.assign(tf.random.stateless_normal(bias.shape, [seed, 0]))
    images = np.random.default_rng(0).normal(size=(2, *shape)).astype(np.float32)
    actual = module(tf.constant(images.reshape(2, -1)))
    assert actual.shape == (2, module.size)
    for image, features in zip(images, actual, strict=True):
        expected = 0.5 * (image if shape[2] == 3 else np.moveaxis(image, 0, -1))
        for kernel, bias, stride in zip(
            module.weights[0], module.biases[0], (4, 2, 1), strict=True
        ):
            expected = convolve(expected, kernel.numpy(), bias.numpy(), stride)
        np.testing.assert_allclose(features, expected.ravel(), rtol=1e-4, atol=1e-4)


def test_what_is_no_picture_is_passed_on():
    """And each picture has layers of its own."""
    space = gym.spaces.Dict(
        a=gym.spaces.Box(-1, 1, (2,)),
        b=picture(8, 8, 3),
        c=gym.spaces.Discrete(3),
        d=picture(4, 4, 1),
        e=gym.spaces.Box(-1, 1, (1,)),
    )
    module = build(space, (2,))
    sizes = 2, 8 * 8 * 3, 3, 4 * 4, 1
    observ = np.random.default_rng(0).normal(size=(5, sum(sizes))).astype(np.float32)
    parts = np.split(observ, np.cumsum(sizes)[:-1], 1)
    features = module(tf.constant(observ))
    # The first layer has a stride of four: pictures become 2x2 and 1x1.
    assert features.shape == (5, module.size) == (5, 2 + 8 + 3 + 2 + 1)
    results = np.split(features, np.cumsum([2, 8, 3, 2]), 1)
    for index in (0, 2, 4):
        np.testing.assert_array_equal(results[index], parts[index])
    for index, (number, shape) in {1: (0, (8, 8, 3)), 3: (1, (4, 4, 1))}.items():
        kernel, bias = module.weights[number][0], module.biases[number][0]
        expected = [
            convolve(row.reshape(shape), kernel.numpy(), bias.numpy(), 4).ravel()
            for row in parts[index]
        ]
        np.testing.assert_allclose(results[index], expected, rtol=1e-4, atol=1e-5)


def test_pictures_of_many_steps_at_once():
    module = build(picture(4, 4, 3), (2, 3))
    observ = tf.random.stateless_normal([3, 2, 48], [1, 2])
    whole = module(observ)
    assert whole.shape == (3, 2, module.size)
    for step in range(3):
        np.testing.assert_allclose(
            whole[step], module(observ[step]), rtol=1e-4, atol=1e-6
        )


def test_initial_kernels_are_orthogonal():
    module = build(picture(8, 8, 3), (4, 5, 6))
    for kernel in module.weights[0]:
        matrix = kernel.numpy().reshape(-1, kernel.shape[-1])
        np.testing.assert_allclose(
            matrix.T @ matrix, 2 * np.eye(matrix.shape[1]), atol=1e-5
        )
