"""The mean of values that arrive a few at a time, in the graph."""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from rltools.errors import InvalidArgumentError
from rltools.in_graph.conversion import to_tensor


class StreamingMean(tf.Module):
    """Mean of all values submitted since the last time it was cleared.

    Works eagerly and inside a `tf.function`. The sum is kept in float64, so that long
    streams of float32 values lose nothing. A NaN or infinity that was submitted stays
    in the mean until it is cleared.

    The mean of nothing is NaN in every element; `count` tells it from a NaN submitted.

    Args:
        shape: Static shape of one value.
        dtype: Floating point type of the values and of their mean.

    Raises:
        InvalidArgumentError: The shape is not static or the dtype not floating point.

    >>> mean = StreamingMean((), tf.float32)
    >>> mean.submit(1.0)
    >>> mean.submit([2.0, 6.0])
    >>> float(mean.clear()), int(mean.count)
    (3.0, 0)
    """

    def __init__(self, shape: Sequence[int], dtype: tf.DType) -> None:
        super().__init__()
        self._dtype = tf.as_dtype(dtype)
        if not self._dtype.is_floating:
            raise InvalidArgumentError(
                f"expected dtype to be floating point, got {self._dtype.name}."
            )
        self._shape = tf.TensorShape(shape)
        if not self._shape.is_fully_defined():
            raise InvalidArgumentError(
                f"expected shape to be fully defined, got {self._shape}."
            )
        zeros = tf.zeros(self._shape, tf.float64)
        self._sum = tf.Variable(zeros, trainable=False, name="sum")
        self._count = tf.Variable(0, trainable=False, dtype=tf.int64, name="count")

    @property
    def value(self) -> tf.Tensor:
        """Mean of the values so far, of the shape and dtype given; NaN for none."""
        count = tf.cast(self._count, tf.float64)
        return tf.cast(self._sum / count, self._dtype)

    @property
    def count(self) -> tf.Tensor:
        """Number of values so far, a scalar of int64."""
        return self._count.read_value()

    def submit(self, value: Any) -> None:
        """Add one value or a batch of values.

        Args:
            value: Tensor, or what converts to one, of the shape and dtype given, or
                with one more dimension in front: a batch, which may be empty.

        Raises:
            InvalidArgumentError: It is no tensor, or of another shape or dtype.
        """
        value = to_tensor(value, self._dtype)
        if value.dtype != self._dtype:
            expected = self._dtype.name
            raise InvalidArgumentError(
                f"expected value of dtype {expected}, got {value.dtype.name}."
            )
        single, batch = self._shape, tf.TensorShape([None]).concatenate(self._shape)
        if value.shape.rank is None or not (
            value.shape.is_compatible_with(single)
            or value.shape.is_compatible_with(batch)
        ):
            raise InvalidArgumentError(
                f"expected value of shape {self._shape} or a batch of such values, "
                f"got shape {value.shape}."
            )
        if value.shape.rank == self._shape.rank:
            value = value[tf.newaxis]
        self._sum.assign_add(tf.reduce_sum(tf.cast(value, tf.float64), axis=0))
        self._count.assign_add(tf.shape(value, tf.int64)[0])

    def clear(self) -> tf.Tensor:
        """Forget all values.

        Returns:
            The mean before, as in `value`.
        """
        value = self.value
        self._sum.assign(tf.zeros_like(self._sum))
        self._count.assign(0)
        return value
