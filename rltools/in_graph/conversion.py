"""Turn what a caller passes into tensors, without a silent cast."""

from typing import Any

import numpy as np
import tensorflow as tf


def to_tensor(value: Any, dtype: tf.DType) -> tf.Tensor:
    """Convert a value to a tensor.

    Args:
        value: Anything that TensorFlow converts.
        dtype: For values that have no dtype of their own, such as lists of numbers.

    Returns:
        A tensor that keeps the dtype of a tensor or array.

    >>> import numpy as np
    >>> to_tensor([1, 2], tf.int64).dtype, to_tensor(np.float64(1), tf.float32).dtype
    (tf.int64, tf.float64)
    """
    if tf.is_tensor(value):
        return tf.convert_to_tensor(value)
    if isinstance(value, np.ndarray | np.generic):
        return tf.convert_to_tensor(value, value.dtype)
    return tf.convert_to_tensor(value, dtype_hint=dtype)
