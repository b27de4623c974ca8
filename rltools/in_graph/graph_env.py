"""What environments inside the graph have in common."""

from collections.abc import Sequence
from typing import Any

import gymnasium as gym
import numpy as np
import tensorflow as tf

from rltools.errors import (
    InvalidActionError,
    InvalidObservationError,
    InvalidResultError,
)
from rltools.in_graph.python_calls import PythonCalls
from rltools.in_graph.space_spec import SpaceSpec, explain_not_finite
from rltools.space_checks import describe


class GraphEnv(tf.Module):
    """Base of environments that live in the graph: variables and how they are written.

    The latest observation, action, reward and flags are held in variables, so that
    reading one and stepping the environment happen in program order within a
    `tf.function`. Properties give the value at the time they are read.

    Before the first reset the environment counts as terminated: code that resets what
    is done starts right.

    Args:
        observation_space: Space of a single environment's observations.
        action_space: Space of a single environment's actions.
        batch_shape: `(n,)` for a batch of n environments, otherwise `()`.

    Raises:
        InvalidSpaceError: One of the spaces is not made of arrays of fixed shapes.
    """

    def __init__(
        self,
        observation_space: gym.Space[Any],
        action_space: gym.Space[Any],
        batch_shape: tuple[int, ...],
    ) -> None:
        super().__init__()
        self.observ_spec = SpaceSpec(
            observation_space,
            "observ",
            InvalidObservationError,
            batch_shape=batch_shape,
        )
        self.action_spec = SpaceSpec(
            action_space, "action", InvalidActionError, batch_shape=batch_shape
        )
        self.python = PythonCalls()
        self._batch_shape = batch_shape
        self._observ = [_variable(spec) for spec in self.observ_spec.specs]
        self._action = [_variable(spec) for spec in self.action_spec.specs]
        self._reward = _variable(tf.TensorSpec(batch_shape, tf.float32))
        self._terminated = _variable(tf.TensorSpec(batch_shape, tf.bool))
        self._terminated.assign(tf.ones_like(self._terminated))
        self._truncated = _variable(tf.TensorSpec(batch_shape, tf.bool))

    @property
    def observ(self) -> Any:
        """Latest observation: nested tensors of the space's dtypes, batched shapes."""
        return self.observ_spec.pack([part.read_value() for part in self._observ])

    @property
    def action(self) -> Any:
        """Latest action: nested tensors of the space's dtypes, batched shapes."""
        return self.action_spec.pack([part.read_value() for part in self._action])

    @property
    def reward(self) -> tf.Tensor:
        """Latest reward, float32; zero after a reset."""
        return self._reward.read_value()

    @property
    def terminated(self) -> tf.Tensor:
        """Whether the episode ended by itself, bool; False after a reset."""
        return self._terminated.read_value()

    @property
    def truncated(self) -> tf.Tensor:
        """Whether the episode was cut short, bool; False after a reset."""
        return self._truncated.read_value()

    @property
    def done(self) -> tf.Tensor:
        """Whether the episode is over for either reason, bool."""
        return self.terminated | self.truncated

    @tf.autograph.experimental.do_not_convert
    def simulate(self, action: Any) -> None:
        """Take one step and write what comes of it to the variables.

        Args:
            action: Nested tensors or arrays of the action space's dtypes and batched
                shapes.

        Raises:
            InvalidActionError: The structure, a dtype or a shape differs.
            InvalidObservationError: The environment's observation is not of the shape
                and dtype of its space, or has a NaN or infinity.
            InvalidResultError: The same of a reward or flag.

        What the environment and its checks raise comes out of a graph as a
        `tf.errors.OpError` whose message has the type, the message and the traceback
        of the original.
        """
        leaves = self.action_spec.tensors(action)
        assigned = assign_all(self._action, leaves)
        # With nothing else left to do, TensorFlow makes the call on the spot and not
        # in another thread, which would cost more than all the other operations.
        with tf.control_dependencies(assigned):
            *observ, reward, terminated, truncated = self.python.call(
                self.step_arrays,
                leaves,
                [
                    *self.observ_spec.specs,
                    tf.TensorSpec(self._batch_shape, tf.float32),
                    tf.TensorSpec(self._batch_shape, tf.bool),
                    tf.TensorSpec(self._batch_shape, tf.bool),
                ],
            )
        assign_all(self._observ, observ)
        self._reward.assign(reward)
        self._terminated.assign(terminated)
        self._truncated.assign(truncated)

    def _step_env(self, action: Any) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        """Step the environment proper with an element of the action space."""
        raise NotImplementedError

    def step_arrays(self, *leaves: np.ndarray) -> list[np.ndarray]:
        """What `simulate` is in Python.

        Args:
            *leaves: Those of the action.

        Returns:
            The leaves of the observation, reward, terminated and truncated.
        """
        observ, reward, terminated, truncated, _ = self._step_env(
            self.action_spec.pack_element(leaves)
        )
        return [
            *self.observ_spec.arrays(observ),
            self._to_reward(reward),
            self._to_flag("terminated", terminated),
            self._to_flag("truncated", truncated),
        ]

    def _to_reward(self, value: Any) -> np.ndarray:
        array = np.asarray(value)
        if array.dtype.kind not in "fiu" or array.shape != self._batch_shape:
            raise InvalidResultError(
                f"reward: expected numbers of shape {self._batch_shape}, "
                f"got {describe(value)}"
            )
        with np.errstate(over="ignore"):  # An overflow is reported as the infinity.
            array = array.astype(np.float32)
        if problem := explain_not_finite("reward", array, len(self._batch_shape)):
            raise InvalidResultError(problem)
        return array

    def _to_flag(self, name: str, value: Any) -> np.ndarray:
        array = np.asarray(value)
        if array.dtype != np.bool_ or array.shape != self._batch_shape:
            raise InvalidResultError(
                f"{name}: expected booleans of shape {self._batch_shape}, "
                f"got {describe(value)}"
            )
        return array


def _variable(spec: tf.TensorSpec) -> tf.Variable:
    return tf.Variable(tf.zeros(spec.shape, spec.dtype), trainable=False)


def assign_all(
    variables: Sequence[tf.Variable], values: Sequence[tf.Tensor]
) -> list[Any]:
    """Assign one value to each variable.

    Returns:
        The operations that do so, or whatever stands for them.
    """
    return [
        variable.assign(value)
        for variable, value in zip(variables, values, strict=True)
    ]
