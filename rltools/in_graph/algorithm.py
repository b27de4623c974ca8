"""Algorithms of plain Python inside the graph."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from rltools.errors import (
    InvalidActionError,
    InvalidArgumentError,
    InvalidObservationError,
    InvalidResultError,
)
from rltools.in_graph.batch_env import InGraphBatchEnv
from rltools.in_graph.space_spec import SpaceSpec
from rltools.space_checks import describe


class InGraphAlgorithm:
    """Lets an algorithm of plain Python and NumPy take part in `rltools.simulate`.

    Its verbs are called in the order of the simulation, with arrays that are its own.

    Args:
        algo: Has `begin_episode`, `perform`, `experience` and `end_episode`, such as
            `rltools.mocks.MockAlgorithm`.
        env: The environments that it will act in.
        summary_spec: A `tf.TensorSpec` for every entry of the dictionary that the
            algorithm's `summary()` returns. Without it, `summary()` is not called: the
            graph must know dtypes before it runs.

    Raises:
        InvalidArgumentError: `env` is no `InGraphBatchEnv`.
    """

    def __init__(
        self,
        algo: Any,
        env: InGraphBatchEnv,
        *,
        summary_spec: Mapping[str, tf.TensorSpec] | None = None,
    ) -> None:
        if not isinstance(env, InGraphBatchEnv):
            raise InvalidArgumentError(
                f"expected env to be an InGraphBatchEnv, got {describe(env)}."
            )
        self._algo = algo
        self._python = env.python
        self._action_spec = SpaceSpec(
            env.batch.single_action_space,
            "action",
            InvalidActionError,
            batch_shape=(None,),
        )
        self._observ_spec = SpaceSpec(
            env.batch.single_observation_space,
            "observ",
            InvalidObservationError,
            batch_shape=(None,),
        )
        self._summary_spec = dict(sorted((summary_spec or {}).items()))

    @tf.autograph.experimental.do_not_convert
    def begin_episode(self, indices: tf.Tensor) -> None:
        """Tell the algorithm that episodes begin; int32 `[k]`."""
        self._python.call(self.begin_arrays, [indices])

    @tf.autograph.experimental.do_not_convert
    def perform(self, indices: tf.Tensor, observ: Any) -> Any:
        """Ask the algorithm for actions.

        Args:
            indices: Indices of the environments, int32 `[k]`.
            observ: Their observations, nested tensors with k rows.

        Returns:
            Nested tensors of the action space's dtypes with k rows.

        Raises:
            InvalidActionError: The action's structure, dtype or shape differs.
        """
        results = self._python.call(
            self.perform_arrays,
            [indices, *self._observ_spec.tensors(observ)],
            self._action_spec.specs,
        )
        return self._action_spec.pack(results)

    @tf.autograph.experimental.do_not_convert
    def experience(
        self,
        indices: tf.Tensor,
        observ: Any,
        action: Any,
        reward: tf.Tensor,
        terminated: tf.Tensor,
        truncated: tf.Tensor,
        next_observ: Any,
    ) -> None:
        """Tell the algorithm what came of its actions.

        Args:
            indices: Indices of the environments, int32 `[k]`.
            observ: Observations before the step, nested tensors with k rows.
            action: Actions taken, nested tensors with k rows.
            reward: Rewards, float32 `[k]`.
            terminated: Whether episodes ended by themselves, bool `[k]`.
            truncated: Whether episodes were cut short, bool `[k]`.
            next_observ: Observations after the step, nested tensors with k rows.
        """
        self._python.call(
            self.experience_arrays,
            [
                *[indices, reward, terminated, truncated],
                *self._observ_spec.tensors(observ),
                *self._action_spec.tensors(action),
                *self._observ_spec.tensors(next_observ),
            ],
        )

    @tf.autograph.experimental.do_not_convert
    def end_episode(self, indices: tf.Tensor) -> None:
        """Tell the algorithm that episodes have ended; int32 `[k]`."""
        self._python.call(self.end_arrays, [indices])

    @tf.autograph.experimental.do_not_convert
    def summary(self) -> dict[str, tf.Tensor]:
        """Ask the algorithm for its summary.

        Returns:
            One tensor per entry of `summary_spec`.

        Raises:
            InvalidResultError: An entry is missing, unknown, or of another dtype or
                shape.
        """
        if not self._summary_spec:
            return {}
        values = self._python.call(
            self._summary_arrays, [], list(self._summary_spec.values())
        )
        return dict(zip(self._summary_spec, values, strict=True))

    def begin_arrays(self, indices: np.ndarray) -> list[np.ndarray]:
        """What `begin_episode` is in Python."""
        self._algo.begin_episode(indices)
        return []

    def perform_arrays(
        self, indices: np.ndarray, *observ: np.ndarray
    ) -> list[np.ndarray]:
        """What `perform` is in Python: leaves to leaves."""
        action = self._algo.perform(indices, self._observ_spec.pack(observ))
        arrays = self._action_spec.arrays(action)
        for path, array in zip(self._action_spec.paths, arrays, strict=True):
            if len(array) != len(indices):
                raise InvalidActionError(
                    f"{path}: expected {len(indices)} rows, got {len(array)}"
                )
        return arrays

    def experience_arrays(
        self,
        indices: np.ndarray,
        reward: np.ndarray,
        terminated: np.ndarray,
        truncated: np.ndarray,
        *leaves: np.ndarray,
    ) -> list[np.ndarray]:
        """What `experience` is in Python; observations and the action as leaves."""
        first = len(self._observ_spec.specs)
        second = first + len(self._action_spec.specs)
        self._algo.experience(
            indices,
            self._observ_spec.pack(leaves[:first]),
            self._action_spec.pack(leaves[first:second]),
            reward,
            terminated,
            truncated,
            self._observ_spec.pack(leaves[second:]),
        )
        return []

    def end_arrays(self, indices: np.ndarray) -> list[np.ndarray]:
        """What `end_episode` is in Python."""
        self._algo.end_episode(indices)
        return []

    def _summary_arrays(self) -> list[np.ndarray]:
        summary = self._algo.summary()
        expected = set(self._summary_spec)
        if not isinstance(summary, Mapping) or set(summary) != expected:
            got = sorted(summary) if isinstance(summary, Mapping) else describe(summary)
            raise InvalidResultError(
                f"summary: expected the entries {sorted(expected)} of summary_spec, "
                f"got {got}"
            )
        return [
            _to_summary(name, spec, summary[name])
            for name, spec in self._summary_spec.items()
        ]


def _to_summary(name: str, spec: tf.TensorSpec, value: Any) -> np.ndarray:
    array = np.asarray(value)
    dtype = spec.dtype.as_numpy_dtype
    if not np.can_cast(array.dtype, dtype, "same_kind") or not (
        spec.shape.is_compatible_with(array.shape)
    ):
        raise InvalidResultError(
            f"summary[{name!r}]: expected shape {spec.shape} and dtype "
            f"{spec.dtype.name}, got {describe(value)}"
        )
    return array.astype(dtype, copy=False)
