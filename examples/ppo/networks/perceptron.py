"""Fully connected layers, and the weights that all layers start from."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf


class Perceptron(tf.Module):
    """Fully connected layers with tanh between them, and a linear last one.

    Weights start orthogonal (Saxe et al., 2014, "Exact solutions to the nonlinear
    dynamics of learning in deep linear neural networks"), biases at zero.

    Args:
        sizes: Units of every layer, with those of the input first.
        output_gain: Gain of the last layer's initial weights; hidden ones have
            sqrt(2).
        rng: Source of the initial weights.
        name: Name of the module, which prefixes those of its variables.
    """

    def __init__(
        self,
        sizes: Sequence[int],
        *,
        output_gain: float,
        rng: np.random.Generator,
        name: str,
    ) -> None:
        super().__init__(name=name)
        gains = [math.sqrt(2)] * (len(sizes) - 2) + [output_gain]
        with self.name_scope:
            self.weights = [
                tf.Variable(
                    gain * orthogonal(rows, columns, rng), name=f"weight{layer}"
                )
                for layer, (rows, columns, gain) in enumerate(
                    zip(sizes[:-1], sizes[1:], gains, strict=True)
                )
            ]
            self.biases = [
                tf.Variable(tf.zeros(size), name=f"bias{layer}")
                for layer, size in enumerate(sizes[1:])
            ]

    def __call__(self, inputs: Any) -> Any:
        """Map float32 [..., sizes[0]] to float32 [..., sizes[-1]]."""
        *hidden, last = zip(self.weights, self.biases, strict=True)
        outputs = inputs
        for weight, bias in hidden:
            outputs = tf.tanh(_linear(outputs, weight, bias))
        return _linear(outputs, *last)


def orthogonal(rows: int, columns: int, rng: np.random.Generator) -> np.ndarray:
    """Draw a float32 matrix [rows, columns] with orthonormal rows or columns."""
    gaussian = rng.normal(size=(max(rows, columns), min(rows, columns)))
    basis, triangle = np.linalg.qr(gaussian)
    # Without the signs, the draw would not be uniform over orthogonal matrices.
    basis *= np.sign(np.diag(triangle))
    return (basis if rows >= columns else basis.T).astype(np.float32)


def _linear(inputs: Any, weight: Any, bias: Any) -> Any:
    if inputs.shape.rank == 2:
        return inputs @ weight + bias
    return tf.tensordot(inputs, weight, 1) + bias
