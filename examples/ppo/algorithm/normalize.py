"""Centring and scaling by statistics of all the values seen so far."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf


class StreamingNormalize(tf.Module):
    """Mean and variance of a stream of batches, and values normalised by them.

    The statistics are those of all the batches joined into one (Chan et al., 1979,
    "Updating formulae and a pairwise algorithm for computing sample variances"). They
    change only in `update`, so that a caller decides how long they stay frozen.

    Args:
        shape: Shape of one value.
        center: Whether to subtract the mean.
        scale: Whether to divide by the standard deviation.
        clip: Largest magnitude of a normalised value, or None not to clip.
        epsilon: Added to the variance, for elements that hardly vary.
        name: Name of the module.
    """

    def __init__(
        self,
        shape: Sequence[int],
        *,
        center: bool = True,
        scale: bool = True,
        clip: float | None = 10.0,
        epsilon: float = 1e-8,
        name: str = "normalize",
    ) -> None:
        super().__init__(name=name)
        self._center = center
        self._scale = scale
        self._clip = clip
        self._epsilon = epsilon
        # Counting in integers stays exact where float32 would stop at 16 million.
        self._count = tf.Variable(0, dtype=tf.int64, trainable=False, name="count")
        self._mean = tf.Variable(tf.zeros(shape), trainable=False, name="mean")
        self._variance = tf.Variable(tf.ones(shape), trainable=False, name="variance")

    @property
    def count(self) -> Any:
        """Number of values seen, int64 scalar."""
        return self._count.read_value()

    @property
    def mean(self) -> Any:
        """Mean of the values seen, float32 [*shape]; 0 before the first."""
        return self._mean.read_value()

    @property
    def stddev(self) -> Any:
        """Population standard deviation, float32 [*shape]; 1 before the first value."""
        return tf.sqrt(self._variance)

    def update(self, values: Any) -> None:
        """Add a batch of values to the statistics.

        Args:
            values: float32 [batch, *shape], with at least one value.
        """
        size = tf.shape(values, tf.int64)[0]
        total = self._count + size
        fraction = tf.cast(size, tf.float32) / tf.cast(total, tf.float32)
        mean = tf.reduce_mean(values, 0)
        variance = tf.math.reduce_variance(values, 0)
        difference = mean - self._mean
        self._variance.assign(
            (1 - fraction) * self._variance
            + fraction * variance
            + fraction * (1 - fraction) * difference**2
        )
        self._mean.assign_add(fraction * difference)
        self._count.assign(total)

    def transform(self, values: Any) -> Any:
        """Normalise values by the present statistics.

        Args:
            values: float32 [..., *shape].

        Returns:
            Normalised values of the same shape. Before the first `update` they are only
            clipped.
        """
        if self._center:
            values = values - self._mean
        if self._scale:
            values = values / tf.sqrt(self._variance + self._epsilon)
        if self._clip is not None:
            values = tf.clip_by_value(values, -self._clip, self._clip)
        return values

    def frozen(self) -> Callable[[np.ndarray], np.ndarray]:
        """What `transform` does by the statistics of now, for arrays."""
        mean = self._mean.numpy()
        scale = np.sqrt(self._variance.numpy() + np.float32(self._epsilon))

        def transform(values: np.ndarray) -> np.ndarray:
            if self._center:
                values = values - mean
            if self._scale:
                values = values / scale
            if self._clip is not None:
                values = np.minimum(np.maximum(values, -self._clip), self._clip)
            return values

        return transform

    def restore(self, values: Any) -> Any:
        """Undo `transform` for values that were not clipped, float32 [..., *shape]."""
        if self._scale:
            values = values * tf.sqrt(self._variance + self._epsilon)
        if self._center:
            values = values + self._mean
        return values
