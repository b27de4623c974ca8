"""The steps of a simulation, for algorithms of plain Python."""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from rltools.in_graph.algorithm import InGraphAlgorithm
from rltools.in_graph.batch_env import InGraphBatchEnv
from rltools.in_graph.graph_env import assign_all


class PlainSteps:
    """Makes any number of steps in one call of Python from the graph.

    A call for each verb would cost more than what most of them do. The variables of the
    environments are read before the first step and written after the last one. If a
    step fails they stay what they were, and the next simulation begins all episodes.

    Args:
        env: The environments.
        algo: The algorithm.
    """

    def __init__(self, env: InGraphBatchEnv, algo: InGraphAlgorithm) -> None:
        self._env = env
        self._algo = algo
        self._failed = False
        self._everyone = np.arange(len(env), dtype=np.int32)
        self._variables = [*env.state, *env.episodes.running]
        count = len(env)
        self._specs = [
            tf.TensorSpec([None, count], tf.bool),
            tf.TensorSpec([None, count], tf.float32),
            tf.TensorSpec([None], tf.float32),
            tf.TensorSpec([None], tf.int32),
            *(tf.TensorSpec(each.shape, each.dtype) for each in self._variables),
        ]

    def __call__(
        self, reset: tf.Tensor, steps: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Make steps.

        Args:
            reset: Whether to begin new episodes in all environments, bool.
            steps: How many, int32.

        Returns:
            Done and score of every step, bool and float32 `[steps, n]`.
        """
        state = [variable.read_value() for variable in self._variables]
        done, score, scores, lengths, *state = self._env.python.call(
            self._take, [reset, steps, *state], self._specs
        )
        assign_all(self._variables, state)
        self._env.episodes.submit(scores, lengths)
        return done, score

    def _take(
        self, reset: np.ndarray, steps: np.ndarray, *state: np.ndarray
    ) -> list[np.ndarray]:
        now = _State(self._env, state)
        failed, self._failed = self._failed, True
        now.begin(now.done | now.fresh | reset | failed, self._algo)
        done = np.empty((int(steps), len(self._everyone)), np.bool_)
        score = np.empty(done.shape, np.float32)
        ended: list[tuple[np.ndarray, np.ndarray]] = []
        for index in range(len(done)):
            self._step(now)
            done[index], score[index] = now.done, now.score
            if done[index].any():
                ended.append((now.score[done[index]], now.length[done[index]]))
                self._algo.end_arrays(_indices(done[index]))
                if index + 1 < len(done):
                    now.begin(done[index], self._algo)
        self._failed = False
        nothing = np.zeros(0, np.float32), np.zeros(0, np.int32)
        means = map(np.concatenate, zip(nothing, *ended, strict=True))
        return [done, score, *means, *now.arrays()]

    def _step(self, now: "_State") -> None:
        env, algo = self._env, self._algo
        before = now.observ
        action = algo.perform_arrays(*_copies([self._everyone, *before]))
        now.fresh[:] = False
        now.action = _copies(action)
        # A batch may go on to use the arrays that it returned.
        *now.observ, now.reward, now.terminated, now.truncated = _copies(
            env.step_arrays(*_copies(action))
        )
        now.score += now.reward
        now.length += 1
        results = [self._everyone, now.reward, now.terminated, now.truncated]
        algo.experience_arrays(*_copies([*results, *before, *now.action, *now.observ]))


class _State:
    """The variables of environments, as arrays that may be written to."""

    def __init__(self, env: InGraphBatchEnv, arrays: Sequence[np.ndarray]) -> None:
        self._env = env
        first = len(env.observ_spec.specs)
        second = first + len(env.action_spec.specs)
        self.observ = list(arrays[:first])
        self.action = list(arrays[first:second])
        self.reward, self.terminated, self.truncated, self.fresh = arrays[second:-2]
        self.score, self.length = arrays[-2:]

    @property
    def done(self) -> np.ndarray:
        """Whose episode is over, bool `[n]`."""
        return self.terminated | self.truncated

    def arrays(self) -> list[np.ndarray]:
        """All arrays, in the order of the constructor."""
        flags = [self.reward, self.terminated, self.truncated, self.fresh]
        return [*self.observ, *self.action, *flags, self.score, self.length]

    def begin(self, mask: np.ndarray, algo: InGraphAlgorithm) -> None:
        """Begin episodes, resetting what has been stepped since the last reset."""
        if not mask.any():
            return
        reset = mask & ~self.fresh
        if reset.any():
            latest = self._env.reset_rows(reset)
            for array, rows in zip(self.observ, latest, strict=True):
                array[reset] = rows[reset]
        # Rewards and flags are those of the step that follows.
        self.score[mask] = self.length[mask] = 0
        algo.begin_arrays(_indices(mask))


def _indices(mask: np.ndarray) -> np.ndarray:
    return np.flatnonzero(mask).astype(np.int32)


def _copies(arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
    """What the other side may keep, or write to."""
    return [array.copy() for array in arrays]
