"""Distributions over actions: what a policy network returns for a batch of states."""

import math
from typing import Any, NamedTuple

import tensorflow as tf


class DiagonalNormal(NamedTuple):
    """Independent normal distributions of every element of a continuous action.

    Attributes:
        mean: Means, float32 [batch, *action_shape].
        log_std: Logarithms of the standard deviations, broadcasts against the means.
    """

    mean: Any
    log_std: Any

    def mode(self) -> Any:
        """Most likely actions, float32 [batch, *action_shape]."""
        return self.mean

    def sample(self, seed: Any) -> Any:
        """Draw one action for each element of the batch.

        Args:
            seed: Integers [2]; the same seed draws the same actions.

        Returns:
            Actions, float32 [batch, *action_shape].
        """
        noise = tf.random.stateless_normal(tf.shape(self.mean), seed)
        return self.mean + tf.exp(self.log_std) * noise

    def log_prob(self, action: Any) -> Any:
        """Log-density of actions [batch, *action_shape], float32 [batch]."""
        deviation = (action - self.mean) * tf.exp(-self.log_std)
        log_density = -0.5 * (deviation**2 + math.log(2 * math.pi)) - self.log_std
        return _sum_events(log_density)

    def entropy(self) -> Any:
        """Differential entropy in nats, float32 [batch]."""
        entropy = self.log_std + 0.5 * (1 + math.log(2 * math.pi))
        return _sum_events(entropy + tf.zeros_like(self.mean))


class Categorical(NamedTuple):
    """Distribution over the actions `start, start + 1, ...`.

    Attributes:
        logits: Unnormalised log-probabilities, float32 [batch, num_actions].
        start: The first action.
    """

    logits: Any
    start: int = 0

    def mode(self) -> Any:
        """Most likely actions, int64 [batch]."""
        return self.start + tf.argmax(self.logits, -1)

    def sample(self, seed: Any) -> Any:
        """Draw one action for each element of the batch.

        Args:
            seed: Integers [2]; the same seed draws the same actions.

        Returns:
            Actions, int64 [batch].
        """
        # The Gumbel-max trick, as the library's own operation doesn't compile.
        uniform = tf.random.stateless_uniform(
            tf.shape(self.logits), seed, minval=1e-20, maxval=1.0
        )
        gumbel = -tf.math.log(-tf.math.log(uniform))
        return self.start + tf.argmax(self.logits + gumbel, -1)

    def log_prob(self, action: Any) -> Any:
        """Log-probability of actions [batch], float32 [batch]."""
        log_probs = tf.nn.log_softmax(self.logits)
        chosen = tf.one_hot(action - self.start, log_probs.shape[-1])
        return tf.reduce_sum(log_probs * chosen, -1)

    def entropy(self) -> Any:
        """Entropy in nats, float32 [batch]."""
        log_probs = tf.nn.log_softmax(self.logits)
        return -tf.reduce_sum(tf.exp(log_probs) * log_probs, -1)


def _sum_events(values: Any) -> Any:
    return tf.reduce_sum(tf.reshape(values, [tf.shape(values)[0], -1]), -1)
