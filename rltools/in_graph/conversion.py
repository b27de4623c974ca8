"""Turn what a caller passes into tensors, without a silent cast."""

from typing import Any

import numpy as np
import tensorflow as tf

from rltools.errors import InvalidArgumentError
from rltools.space_checks import describe


def to_tensor(value: Any, dtype: tf.DType) -> tf.Tensor:
    """Convert a value to a tensor.

    Args:
        value: Anything that TensorFlow converts.
        dtype: For values that have no dtype of their own, such as lists of numbers.

    Returns:
        A tensor that keeps the dtype of a tensor or array.

    Raises:
        InvalidArgumentError: TensorFlow can't convert it.

    >>> import numpy as np
    >>> to_tensor([1, 2], tf.int64).dtype, to_tensor(np.float64(1), tf.float32).dtype
    (tf.int64, tf.float64)
    """
    if tf.is_tensor(value):
        return tf.convert_to_tensor(value)
    if isinstance(value, np.ndarray | np.generic):
        return tf.convert_to_tensor(value, value.dtype)
    try:
        return tf.convert_to_tensor(value, dtype_hint=dtype)
    except (TypeError, ValueError) as error:
        raise InvalidArgumentError(
            f"expected a tensor or what converts to one, got {describe(value)}."
        ) from error


def to_integers(name: str, value: Any, dtype: tf.DType, *, rank: int) -> tf.Tensor:
    """Convert an argument to a tensor of integers.

    Args:
        name: Name of the argument, for the message.
        value: Integers of any dtype.
        dtype: The integer dtype wanted.
        rank: The number of dimensions wanted.

    Returns:
        Tensor of that dtype.

    Raises:
        InvalidArgumentError: It is not made of integers, or of another rank.
    """
    tensor = to_tensor(value, dtype)
    if not tensor.dtype.is_integer or tensor.shape.rank not in (rank, None):
        raise InvalidArgumentError(
            f"expected {name} to be integers of rank {rank}, got {value!r}."
        )
    return tf.cast(tensor, dtype)
