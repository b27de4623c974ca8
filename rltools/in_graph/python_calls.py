"""Calls of Python functions from the graph."""

import ctypes
import threading
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

_kept = threading.local()


class PythonCalls:
    """Calls Python functions with NumPy arrays, eagerly or from a `tf.function`.

    Adds to `tf.numpy_function` what environments and algorithms with a state need:

    - Calls through one instance happen in program order, also across the branches of a
      `tf.cond` and the iterations of a `tf.while_loop`. TensorFlow itself gives no
      order to a call inside a branch and another one behind it.
    - Arrays are copied on the way in and out. TensorFlow itself shares the memory of
      aligned arrays, so that a function which reuses its buffer changes tensors that
      it returned before.
    - The exception that the function raised can be raised to the caller of the graph,
      in place of TensorFlow's own which has the original only as text.
    """

    def __init__(self) -> None:
        # Every call is between two that count, which the automatic control dependencies
        # can't but keep in order.
        self._clock = tf.Variable(0, trainable=False, dtype=tf.int64, name="clock")
        self._failure: BaseException | None = None

    @tf.autograph.experimental.do_not_convert
    def call(
        self,
        function: Callable[..., Sequence[Any]],
        inputs: Sequence[tf.Tensor],
        outputs: Sequence[tf.TensorSpec] = (),
    ) -> list[tf.Tensor]:
        """Call a function.

        Args:
            function: Called with one array per input, which are its own to keep.
                Returns arrays of exactly the dtypes and shapes given as `outputs`.
            inputs: Tensors of any dtype and shape.
            outputs: Dtypes and static shapes of the results.

        Returns:
            One tensor per output. What the function raises is raised as it is when
            executing eagerly; within a graph it becomes a `tf.errors.OpError` whose
            message has the original type, message and traceback: see `run`.
        """

        def target(*arrays: np.ndarray) -> list[np.ndarray]:
            _keep_thread_state()
            try:
                results = function(*[np.array(array) for array in arrays])
                return [np.array(result) for result in results]
            except BaseException as error:
                self._failure = error
                raise

        with tf.control_dependencies([self._clock.assign_add(1)]):
            called = tf.numpy_function(
                target, list(inputs), [spec.dtype for spec in outputs]
            )
        # A single result comes as a list in a graph and bare when executing eagerly;
        # none at all as the operation.
        results = tf.nest.flatten(called)
        with tf.control_dependencies(results):
            self._clock.assign_add(1)
        return [
            tf.ensure_shape(result, spec.shape)
            for result, spec in zip(results, outputs, strict=bool(outputs))
        ]

    def run(self, function: Callable[..., Any], *args: Any) -> Any:
        """Run a graph and raise the exceptions of its Python functions as they were.

        Args:
            function: A `tf.function` that makes calls through this instance.
            *args: Its arguments.

        Returns:
            What the function returns. Raises the very exception that a Python function
            raised, with its traceback and attributes; errors of TensorFlow's own
            operations are passed on as they are.
        """
        self._failure = None
        try:
            return function(*args)
        except tf.errors.OpError:
            failure, self._failure = self._failure, None
            if failure is None:
                raise
        # Outside of the handler: the graph's error would repeat the traceback as text.
        raise failure


def _keep_thread_state() -> None:
    """Let the current thread keep its Python state until it ends.

    A thread that TensorFlow made gets a new one for every call and loses it after,
    which takes longer (80 us of 100) than the rest of a call. A reference too many
    keeps it.
    """
    if not hasattr(_kept, "state"):  # What is local to a thread goes with its state.
        _kept.state = ctypes.pythonapi.PyGILState_Ensure()
