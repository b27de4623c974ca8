"""Scores and lengths of the episodes in a batch of environments."""

import tensorflow as tf

from rltools.in_graph.streaming_mean import StreamingMean


class Episodes(tf.Module):
    """Adds up what happens in the running episodes, and averages finished ones.

    Args:
        count: Number n of environments.
    """

    def __init__(self, count: int) -> None:
        super().__init__()
        self._score = tf.Variable(tf.zeros(count), trainable=False)
        self._length = tf.Variable(tf.zeros(count, tf.int32), trainable=False)
        self._mean_score = StreamingMean((), tf.float32)
        self._mean_length = StreamingMean((), tf.float32)

    @property
    def score(self) -> tf.Tensor:
        """Sum of the rewards of each running episode so far, float32 `[n]`."""
        return self._score.read_value()

    @property
    def running(self) -> list[tf.Variable]:
        """Score and length of each running episode, float32 and int32 `[n]`."""
        return [self._score, self._length]

    def begin(self, mask: tf.Tensor) -> None:
        """Start at zero in some environments, given as bool `[n]`."""
        self._score.assign(tf.where(mask, 0.0, self._score))
        self._length.assign(tf.where(mask, 0, self._length))

    def step(self, reward: tf.Tensor) -> None:
        """Count a step in all environments, with rewards of float32 `[n]`."""
        self._score.assign_add(reward)
        self._length.assign_add(tf.ones_like(self._length))

    def end(self, mask: tf.Tensor) -> None:
        """Let the means have the episodes of some environments, given as bool `[n]`."""
        self.submit(
            tf.boolean_mask(self._score, mask), tf.boolean_mask(self._length, mask)
        )

    def submit(self, scores: tf.Tensor, lengths: tf.Tensor) -> None:
        """Let the means have episodes, given by float32 and int32 `[k]`."""
        self._mean_score.submit(scores)
        self._mean_length.submit(tf.cast(lengths, tf.float32))

    def clear_means(self) -> dict[str, tf.Tensor]:
        """Forget the finished episodes.

        Returns:
            Dictionary with `mean_score` and `mean_length` over them, scalars of
            float32; tensors without elements if there are none.
        """
        return {
            "mean_score": _clear_or_nothing(self._mean_score),
            "mean_length": _clear_or_nothing(self._mean_length),
        }


def _clear_or_nothing(mean: StreamingMean) -> tf.Tensor:
    return tf.cond(mean.count > 0, mean.clear, lambda: tf.zeros([0]))
