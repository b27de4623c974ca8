"""Optimizers by name, and numbers that change with their steps."""

from typing import Any

import tensorflow as tf

_OPTIMIZERS = {
    "adam": lambda rate: tf.keras.optimizers.Adam(rate, epsilon=1e-5),
    "adamw": lambda rate: tf.keras.optimizers.AdamW(rate, epsilon=1e-5),
    "rmsprop": lambda rate: tf.keras.optimizers.RMSprop(rate, rho=0.99, epsilon=1e-5),
    "sgd": lambda rate: tf.keras.optimizers.SGD(rate, momentum=0.9),
}


class Schedule(tf.keras.optimizers.schedules.LearningRateSchedule):
    """A number that stays as it is, or decays linearly to zero.

    Args:
        kind: "constant" or "linear".
        value: The number at the first step.
        decay_steps: Steps after which it is zero.
    """

    def __init__(self, kind: str, value: float, decay_steps: int) -> None:
        self._kind = kind
        self._value = value
        self._decay_steps = decay_steps

    def __call__(self, step: Any) -> Any:
        """The number at a step, float32 scalar."""
        if self._kind == "constant":
            return tf.constant(self._value, tf.float32)
        done = tf.cast(step, tf.float32) / self._decay_steps
        return self._value * tf.maximum(1 - done, 0.0)


def define_optimizer(name: str, learning_rate: Schedule) -> Any:
    """Build one of the optimizers of `config.OPTIMIZERS`."""
    return _OPTIMIZERS[name](learning_rate)
