"""Memory of a rollout: the same number of steps of every environment."""

from typing import Any, NamedTuple

import tensorflow as tf


class Transition(NamedTuple):
    """What is kept of a step, or the tensors of many steps.

    Attributes:
        observ: Observation acted on, as the environment gave it.
        action: Action taken.
        logprob: Logarithm of its probability when it was taken.
        reward: Reward received.
        discounted_return: Discounted sum of the episode's rewards up to this one.
        terminated: Whether the episode reached a terminal state.
        truncated: Whether the episode ended for another reason.
        next_observ: Observation that followed; at an episode's end its final one, not
            the first of the next.
    """

    observ: Any
    action: Any
    logprob: Any
    reward: Any
    discounted_return: Any
    terminated: Any
    truncated: Any
    next_observ: Any


class RolloutMemory(tf.Module):
    """Fixed-length rollouts that go on across the ends of episodes.

    Args:
        specs: `tf.TensorSpec` of every field of one environment's step.
        num_envs: Number of environments.
        length: Steps to hold of each environment.
    """

    def __init__(self, specs: Transition, *, num_envs: int, length: int) -> None:
        super().__init__(name="memory")
        self.specs = specs
        self._length = length
        self._buffers = [
            tf.Variable(
                tf.zeros([length, num_envs, *spec.shape], spec.dtype),
                trainable=False,
                name=field,
            )
            for field, spec in specs._asdict().items()
        ]
        self._sizes = tf.Variable(
            tf.zeros([num_envs], tf.int32), trainable=False, name="sizes"
        )

    @property
    def full(self) -> Any:
        """Whether all environments have filled their part, bool scalar."""
        return tf.reduce_all(self._sizes >= self._length)

    def append(self, indices: Any, steps: Transition) -> None:
        """Add one step of some environments.

        Args:
            indices: Distinct environments, int32 [k].
            steps: Tensors [k, ...] in the order of `indices`.

        Raises:
            tf.errors.InvalidArgumentError: An environment's part is full already.
        """
        positions = tf.stack([tf.gather(self._sizes, indices), indices], 1)
        for buffer, values in zip(self._buffers, steps, strict=True):
            buffer.scatter_nd_update(positions, values)
        self._sizes.scatter_add(tf.IndexedSlices(tf.ones_like(indices), indices))

    def data(self) -> Transition:
        """Return all steps as tensors [length, num_envs, ...]."""
        return Transition(*(buffer.read_value() for buffer in self._buffers))

    def clear(self) -> None:
        """Start over with an empty memory."""
        self._sizes.assign(tf.zeros_like(self._sizes))
