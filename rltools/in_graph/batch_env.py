"""A batch of environments inside the graph."""

from collections import UserDict
from typing import Any

import gymnasium as gym
import numpy as np
import tensorflow as tf
from gymnasium.vector import AutoresetMode

from rltools.errors import InvalidArgumentError
from rltools.in_graph.conversion import to_integers
from rltools.in_graph.episodes import Episodes
from rltools.in_graph.graph_env import GraphEnv


class InGraphBatchEnv(GraphEnv):
    """Several environments inside the graph.

    Variables, checks and errors are those of `GraphEnv`, with a first dimension of size
    n that counts environments: rewards and flags have shape `[n]`.

    Environments that are done stay so until they are reset. A tensor read before a step
    or a reset is not changed by it.

    Args:
        batch: A `rltools.BatchEnv`, or another Gymnasium `VectorEnv`, of n environments
            of array-like spaces. Its autoreset mode must be "disabled", because the
            first observation of the next episode would take the place of the last one.

    Attributes:
        batch: The batch given.
        simulations: What `rltools.simulate` keeps from call to call, by algorithm.
        episodes: Scores and lengths, as `rltools.simulate` adds them up.
        driver: Variable with the number of the simulation that stepped last, or -1.

    Raises:
        InvalidArgumentError: It is no `VectorEnv` or resets by itself.
        InvalidSpaceError: One of its spaces is not made of arrays of fixed shapes.
    """

    def __init__(self, batch: gym.vector.VectorEnv) -> None:
        if not isinstance(batch, gym.vector.VectorEnv):
            raise InvalidArgumentError(
                "expected batch to be a rltools.BatchEnv or a gymnasium.vector."
                f"VectorEnv, got {batch!r} ({type(batch).__name__})."
            )
        mode = batch.metadata.get("autoreset_mode")
        if mode != AutoresetMode.DISABLED:
            raise InvalidArgumentError(
                f"expected a batch whose autoreset mode is disabled, got {mode}."
            )
        super().__init__(
            batch.single_observation_space,
            batch.single_action_space,
            (batch.num_envs,),
        )
        self.batch = batch
        # TensorFlow would track a plain dictionary, and refuse its keys.
        self.simulations: UserDict[int, Any] = UserDict()
        fresh = tf.zeros(batch.num_envs, tf.bool)
        self.episodes = Episodes(batch.num_envs)
        self.driver = tf.Variable(-1, trainable=False, name="driver")
        self._fresh = tf.Variable(fresh, trainable=False, name="fresh")

    def __len__(self) -> int:
        """Number of environments."""
        return int(self.batch.num_envs)

    @property
    def fresh(self) -> tf.Tensor:
        """Which environments were reset and not stepped since, bool `[n]`."""
        return self._fresh.read_value()

    @property
    def state(self) -> list[tf.Variable]:
        """The variables that a step or a reset writes to.

        The leaves of the observation and of the action, reward, terminated, truncated
        and fresh.
        """
        flags = [self._reward, self._terminated, self._truncated, self._fresh]
        return [*self._observ, *self._action, *flags]

    @tf.autograph.experimental.do_not_convert
    def simulate(self, action: Any) -> None:
        """Step all environments, as in `GraphEnv.simulate`.

        One that is done makes the batch raise `ResetNeededError`.
        """
        # Before the step: one that fails may have moved some of the environments.
        with tf.control_dependencies([self._fresh.assign(tf.zeros_like(self._fresh))]):
            super().simulate(action)

    @tf.autograph.experimental.do_not_convert
    def reset(self, indices: Any = None, seed: Any = None) -> None:
        """Start an episode in some environments; all else stays as it is.

        Their rewards become zero and their flags False.

        Args:
            indices: Distinct integers of shape `[k]`, in any order; None for all.
            seed: Scalar integer; environment i gets `seed + i`. None continues the
                environments' own streams.

        Raises:
            InvalidArgumentError: An index is out of range or given twice, or they or
                the seed are not integers of those shapes.
            InvalidObservationError: As in `simulate`.
        """
        indices = tf.range(len(self)) if indices is None else indices
        inputs = [to_integers("indices", indices, tf.int32, rank=1)]
        if seed is not None:
            inputs.append(to_integers("seed", seed, tf.int64, rank=0))
        specs = [
            tf.TensorSpec([None, *spec.shape[1:]], spec.dtype)
            for spec in self.observ_spec.specs
        ]
        rows = self.python.call(self._reset_arrays, inputs, specs)
        places = inputs[0][:, tf.newaxis]
        for variable, values in zip(self._observ, rows, strict=True):
            variable.scatter_nd_update(places, values)
        self._reward.scatter_nd_update(places, tf.zeros_like(inputs[0], tf.float32))
        for variable in (self._terminated, self._truncated):
            variable.scatter_nd_update(places, tf.zeros_like(inputs[0], tf.bool))
        self._fresh.scatter_nd_update(places, tf.ones_like(inputs[0], tf.bool))

    def _step_env(self, action: Any) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        return self.batch.step(action)

    def reset_rows(self, mask: np.ndarray, seed: int | None = None) -> list[np.ndarray]:
        """What `reset` is in Python.

        Args:
            mask: Which environments, bool `[n]`, at least one.
            seed: Environment i gets `seed + i`.

        Returns:
            The leaves of the latest observations of all environments, `[n, ...]`.
        """
        # Gymnasium's own batches can't reset a part before all were reset once.
        options = None if mask.all() else {"reset_mask": mask}
        observ, _ = self.batch.reset(seed=seed, options=options)
        return self.observ_spec.arrays(observ)

    def _reset_arrays(
        self, indices: np.ndarray, *seeds: np.ndarray
    ) -> list[np.ndarray]:
        inside = (indices >= 0) & (indices < len(self))
        if indices.ndim != 1 or not inside.all() or len(set(indices)) < len(indices):
            raise InvalidArgumentError(
                f"expected indices to be distinct integers of shape [k] from 0 to "
                f"{len(self) - 1}, got {indices!r}."
            )
        if not len(indices):
            return [
                np.zeros([0, *spec.shape[1:]], spec.dtype.as_numpy_dtype)
                for spec in self.observ_spec.specs
            ]
        mask = np.zeros(len(self), np.bool_)
        mask[indices] = True
        rows = self.reset_rows(mask, int(seeds[0]) if seeds else None)
        return [array[indices] for array in rows]
