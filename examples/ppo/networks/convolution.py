"""Layers for pictures."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from examples.ppo.algorithm.flat_spaces import FlatObservations, Image
from examples.ppo.networks.perceptron import orthogonal


class Convolution(tf.Module):
    """Convolutional layers with rectifiers, on the pictures of flat observations.

    The layers of Mnih et al., 2015, "Human-level control through deep reinforcement
    learning": 8x8 with stride 4, 4x4 with stride 2, and 3x3, padded so that pictures
    may be small. What isn't a picture is passed on.

    Args:
        observations: Where the pictures are.
        filters: Number of filters of each layer, at most three.
        scale: Factor on the pictures' values.
        rng: Source of the initial weights, orthogonal with gain sqrt(2).
        name: Name of the module.
    """

    KERNELS, STRIDES = (8, 4, 3), (4, 2, 1)

    def __init__(
        self,
        observations: FlatObservations,
        filters: Sequence[int],
        *,
        scale: float,
        rng: np.random.Generator,
        name: str,
    ) -> None:
        super().__init__(name=name)
        self._images = list(observations.images)
        self._scale = scale
        self.size = observations.size - sum(
            math.prod(image.shape) for image in self._images
        )
        self.weights = []
        for number, image in enumerate(self._images):
            height, width, channels = _picture_shape(image)
            kernels = []
            for layer, (count, kernel, stride) in enumerate(
                zip(filters, self.KERNELS, self.STRIDES, strict=False)
            ):
                matrix = orthogonal(kernel * kernel * channels, count, rng)
                matrix = matrix.reshape(kernel, kernel, channels, count)
                with self.name_scope:
                    variable = tf.Variable(
                        math.sqrt(2) * matrix, name=f"image{number}_weight{layer}"
                    )
                kernels.append(variable)
                height, width = math.ceil(height / stride), math.ceil(width / stride)
                channels = count
            self.weights.append(kernels)
            self.size += height * width * channels
        with self.name_scope:
            self.biases = [
                [
                    tf.Variable(
                        tf.zeros(kernel.shape[-1]), name=f"image{number}_bias{layer}"
                    )
                    for layer, kernel in enumerate(kernels)
                ]
                for number, kernels in enumerate(self.weights)
            ]

    def __call__(self, observ: Any) -> Any:
        """Map float32 [..., observation size] to features, float32 [..., size]."""
        leading = tf.shape(observ)[:-1]
        flat = tf.reshape(observ, [-1, observ.shape[-1]])
        parts, place = [], 0
        for image, kernels, biases in zip(
            self._images, self.weights, self.biases, strict=True
        ):
            parts.append(flat[:, place : image.start])
            place = image.stop
            outputs = tf.reshape(flat[:, image.start : place], [-1, *image.shape])
            if image.channels_first:
                outputs = tf.transpose(outputs, [0, 2, 3, 1])
            outputs *= self._scale
            for kernel, bias, stride in zip(
                kernels, biases, self.STRIDES, strict=False
            ):
                outputs = tf.nn.conv2d(outputs, kernel, stride, "SAME")
                outputs = tf.nn.relu(outputs + bias)
            parts.append(tf.reshape(outputs, [-1, math.prod(outputs.shape[1:])]))
        parts.append(flat[:, place:])
        features = tf.concat(parts, -1)
        return tf.reshape(features, tf.concat([leading, [self.size]], 0))


def _picture_shape(image: Image) -> tuple[int, int, int]:
    if image.channels_first:
        channels, height, width = image.shape
        return height, width, channels
    return image.shape
