"""One environment inside the graph."""

from typing import Any

import gymnasium as gym
import numpy as np
import tensorflow as tf

from rltools.in_graph.conversion import to_integers
from rltools.in_graph.graph_env import GraphEnv, assign_all


class InGraphEnv(GraphEnv):
    """A single environment inside the graph, with a counter of its steps.

    Variables, checks and errors are those of `GraphEnv`, without a batch dimension:
    rewards and flags are scalars, and a Discrete space has scalars of its dtype.

    The counter `step` counts every step since this object was made. A reset does not
    set it back, so that it tells the total experience and not the time of the episode.

    Args:
        env: Any Gymnasium environment of array-like spaces.

    Raises:
        InvalidSpaceError: One of its spaces is not made of arrays of fixed shapes.
    """

    def __init__(self, env: gym.Env[Any, Any]) -> None:
        super().__init__(env.observation_space, env.action_space, ())
        self._env = env
        self._step = tf.Variable(0, trainable=False, dtype=tf.int64, name="step")

    @property
    def step(self) -> tf.Tensor:
        """Number of all steps so far across episodes, a scalar of int64."""
        return self._step.read_value()

    @tf.autograph.experimental.do_not_convert
    def simulate(self, action: Any) -> None:
        """Take one step, as in `GraphEnv.simulate`, and count it."""
        super().simulate(action)
        with tf.control_dependencies([self.reward]):  # Not if the step fails.
            self._step.assign_add(1)

    @tf.autograph.experimental.do_not_convert
    def reset(self, seed: Any = None) -> None:
        """Start an episode: reward zero, flags False, the step counter goes on.

        Args:
            seed: Scalar integer, or None to continue the environment's own stream.

        Raises:
            InvalidArgumentError: The seed is not an integer.
            InvalidObservationError: As in `simulate`.
        """
        inputs = []
        if seed is not None:
            inputs.append(to_integers("seed", seed, tf.int64, rank=0))
        observ = self.python.call(self._reset_env, inputs, self.observ_spec.specs)
        assign_all(self._observ, observ)
        for variable in (self._reward, self._terminated, self._truncated):
            variable.assign(tf.zeros_like(variable))

    def _step_env(self, action: Any) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        return self._env.step(action)

    def _reset_env(self, *seeds: np.ndarray) -> list[np.ndarray]:
        observ, _ = self._env.reset(seed=int(seeds[0]) if seeds else None)
        return self.observ_spec.arrays(observ)
