"""A recurrent layer."""

from typing import Any

import numpy as np
import tensorflow as tf

from examples.ppo.networks.perceptron import orthogonal


class GRU(tf.Module):
    """A gated recurrent unit (Cho et al., 2014, arXiv:1406.1078, equations 5 to 8).

    The reset gate acts after the recurrent product, as in cuDNN.

    Args:
        num_inputs: Length of an input.
        units: Length of the state, which is the output too.
        rng: Source of the initial weights, orthogonal for each gate.
        name: Name of the module.
    """

    def __init__(
        self, num_inputs: int, units: int, *, rng: np.random.Generator, name: str
    ) -> None:
        super().__init__(name=name)
        with self.name_scope:
            self.inputs, self.recurrent = (
                tf.Variable(
                    np.concatenate([orthogonal(rows, units, rng) for _ in range(3)], 1),
                    name=name,
                )
                for rows, name in [(num_inputs, "inputs"), (units, "recurrent")]
            )
            self.bias = tf.Variable(tf.zeros(3 * units), name="bias")

    def __call__(self, inputs: Any, state: Any) -> Any:
        """Next state, float32 [batch, units], given [batch, inputs] and the last."""
        new = tf.split(inputs @ self.inputs + self.bias, 3, -1)
        old = tf.split(state @ self.recurrent, 3, -1)
        update = tf.sigmoid(new[0] + old[0])
        reset = tf.sigmoid(new[1] + old[1])
        candidate = tf.tanh(new[2] + reset * old[2])
        return update * state + (1 - update) * candidate
