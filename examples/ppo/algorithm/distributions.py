"""Distributions over actions: what a policy network returns for states.

Actions are flat, as in `FlatActions`: continuous numbers first, then choices.
"""

import itertools
import math
from typing import Any, NamedTuple

import tensorflow as tf


class DiagonalNormal(NamedTuple):
    """Independent normal distributions of continuous numbers.

    Attributes:
        mean: Means, float32 [..., size].
        log_std: Logarithms of the standard deviations, broadcasts against the means.
    """

    mean: Any
    log_std: Any

    def mode(self) -> Any:
        """Most likely numbers, float32 [..., size]."""
        return self.mean

    def sample(self, generator: tf.random.Generator) -> Any:
        """Draw numbers for every state, float32 [..., size]."""
        noise = generator.normal(tf.shape(self.mean))
        return self.mean + tf.exp(self.log_std) * noise

    def log_prob(self, numbers: Any) -> Any:
        """Log-density of numbers [..., size], float32 [...]."""
        deviation = (numbers - self.mean) * tf.exp(-self.log_std)
        log_density = -0.5 * (deviation**2 + math.log(2 * math.pi)) - self.log_std
        return tf.reduce_sum(log_density, -1)

    def entropy(self) -> Any:
        """Differential entropy in nats, float32 [...]."""
        entropy = self.log_std + 0.5 * (1 + math.log(2 * math.pi))
        return tf.reduce_sum(entropy + tf.zeros_like(self.mean), -1)

    def kl(self, other: Any) -> Any:
        """Divergence KL(self || other) of two of a kind in nats, float32 [...].

        With s the standard deviations, the sum over the numbers of `log(s' / s) +
        (s^2 + (mean - mean')^2) / (2 s'^2) - 1/2`.
        """
        ratio = tf.exp(2 * (self.log_std - other.log_std))
        distance = ((self.mean - other.mean) * tf.exp(-other.log_std)) ** 2
        each = 0.5 * (ratio + distance - 1) + other.log_std - self.log_std
        return tf.reduce_sum(each, -1)


class Categorical(NamedTuple):
    """Independent choices between a few categories each.

    Attributes:
        logits: Unnormalised log-probabilities, those of all choices in a row, float32
            [..., sum(categories)].
        categories: Of each choice, between how many.
    """

    logits: Any
    categories: tuple[int, ...]

    def mode(self) -> Any:
        """Most likely choices, float32 [..., len(categories)]."""
        return self._choose(self.logits)

    def sample(self, generator: tf.random.Generator) -> Any:
        """Draw choices for every state, float32 [..., len(categories)]."""
        # The Gumbel-max trick needs a single draw for all choices.
        uniform = generator.uniform(tf.shape(self.logits), minval=1e-20, maxval=1.0)
        return self._choose(self.logits - tf.math.log(-tf.math.log(uniform)))

    def log_prob(self, choices: Any) -> Any:
        """Log-probability of choices [..., len(categories)], float32 [...]."""
        return tf.add_n(
            [
                tf.reduce_sum(
                    log_probs
                    * tf.one_hot(tf.cast(choices[..., index], tf.int32), count),
                    -1,
                )
                for index, (log_probs, count) in enumerate(
                    zip(self._log_probs(), self.categories, strict=True)
                )
            ]
        )

    def entropy(self) -> Any:
        """Entropy in nats, float32 [...]."""
        return -tf.add_n(
            [
                tf.reduce_sum(tf.exp(log_probs) * log_probs, -1)
                for log_probs in self._log_probs()
            ]
        )

    def kl(self, other: Any) -> Any:
        """Divergence KL(self || other) of two of a kind in nats, float32 [...]."""
        return tf.add_n(
            [
                tf.reduce_sum(tf.exp(mine) * (mine - theirs), -1)
                for mine, theirs in zip(
                    self._log_probs(), other._log_probs(), strict=True
                )
            ]
        )

    def _log_probs(self) -> list[Any]:
        return [tf.nn.log_softmax(part) for part in self._parts(self.logits)]

    def _choose(self, values: Any) -> Any:
        best = [tf.argmax(part, -1) for part in self._parts(values)]
        return tf.cast(tf.stack(best, -1), tf.float32)

    def _parts(self, values: Any) -> list[Any]:
        if len(self.categories) == 1:
            return [values]
        stops = list(itertools.accumulate(self.categories))
        return [
            values[..., stop - count : stop]
            for count, stop in zip(self.categories, stops, strict=True)
        ]


class Mixed(NamedTuple):
    """Continuous numbers and choices, independent of each other.

    Attributes:
        normal: Distribution of the numbers.
        categorical: Distribution of the choices.
    """

    normal: DiagonalNormal
    categorical: Categorical

    def mode(self) -> Any:
        """Most likely actions, float32 [..., size]."""
        return tf.concat([self.normal.mode(), self.categorical.mode()], -1)

    def sample(self, generator: tf.random.Generator) -> Any:
        """Draw an action for every state, float32 [..., size]."""
        parts = [self.normal.sample(generator), self.categorical.sample(generator)]
        return tf.concat(parts, -1)

    def log_prob(self, action: Any) -> Any:
        """Log-density of actions [..., size], float32 [...]."""
        size = self.normal.mean.shape[-1]
        numbers = self.normal.log_prob(action[..., :size])
        return numbers + self.categorical.log_prob(action[..., size:])

    def entropy(self) -> Any:
        """Entropy in nats, float32 [...]."""
        return self.normal.entropy() + self.categorical.entropy()

    def kl(self, other: Any) -> Any:
        """Divergence KL(self || other) of two of a kind in nats, float32 [...]."""
        return self.normal.kl(other.normal) + self.categorical.kl(other.categorical)


Distribution = DiagonalNormal | Categorical | Mixed


def define_distribution(
    outputs: Any, log_std: Any, categories: tuple[int, ...]
) -> Distribution:
    """Build the distribution that the outputs of a policy network describe.

    Args:
        outputs: Means of the continuous numbers, then logits of the choices, float32
            [..., size of log_std + sum(categories)].
        log_std: Logarithms of the numbers' standard deviations, float32 [numbers].
        categories: Of each choice, between how many.
    """
    size = log_std.shape[-1]
    if not categories:
        return DiagonalNormal(outputs, log_std)
    categorical = Categorical(outputs[..., size:], categories)
    if not size:
        return categorical
    return Mixed(DiagonalNormal(outputs[..., :size], log_std), categorical)
