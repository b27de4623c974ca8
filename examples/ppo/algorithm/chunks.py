"""Cuts rollouts into chunks, the pieces that minibatches are made of."""

from typing import Any

import tensorflow as tf


def to_chunks(rollout: Any, length: int) -> Any:
    """Cut the steps of every environment into chunks.

    Args:
        rollout: Nested tensors [steps, envs, ...].
        length: Steps of a chunk, a divisor of `steps`.

    Returns:
        Nested tensors [length, chunks, ...]. Those of the same steps of all
        environments are next to each other.
    """

    def cut(values: Any) -> Any:
        steps, envs, *rest = values.shape
        values = tf.reshape(values, [steps // length, length, envs, *rest])
        values = tf.transpose(values, [1, 0, *range(2, values.shape.rank)])
        return tf.reshape(values, [length, steps // length * envs, *rest])

    return tf.nest.map_structure(cut, rollout)


def from_chunks(chunks: Any, num_envs: int) -> Any:
    """Join what `to_chunks` has cut.

    Args:
        chunks: Nested tensors [length, chunks, ...].
        num_envs: Number of environments.

    Returns:
        Nested tensors [steps, envs, ...].
    """

    def join(values: Any) -> Any:
        length, count, *rest = values.shape
        values = tf.reshape(values, [length, count // num_envs, num_envs, *rest])
        values = tf.transpose(values, [1, 0, *range(2, values.shape.rank)])
        return tf.reshape(values, [count // num_envs * length, num_envs, *rest])

    return tf.nest.map_structure(join, chunks)
