"""The two phases of a run, as operations for `rltools.Loop`."""

from typing import Any

import gymnasium as gym
import numpy as np
import tensorflow as tf

import rltools
from examples.ppo.configs import Config
from examples.ppo.ppo import PPO


class Training:
    """Collects one rollout, at whose end the algorithm trains itself.

    Args:
        batch: The environments; `config.num_agents` of them.
        algo: The algorithm.
        config: The options of the run.
    """

    def __init__(self, batch: gym.vector.VectorEnv, algo: PPO, config: Config) -> None:
        self._env = rltools.InGraphBatchEnv(batch)
        self._algo = algo
        self._config = config

    def __call__(
        self, *, log: bool, report: bool, reset: bool
    ) -> tuple[Any, Any, dict[str, Any]]:
        """Make one rollout and update.

        Args:
            log: Whether to return the summary of the update.
            report: Not used.
            reset: Whether to start episodes in all environments, by a seed that depends
                on nothing but that of the run and the updates made so far.

        Returns:
            Whose episode is done and the scores so far, [rollout_length, num_agents],
            and the summary.
        """
        if reset:
            updates = int(self._algo.learner.num_updates)
            sequence = np.random.SeedSequence([self._config.seed, updates])
            # Environment i gets the seed plus i, which must not exceed 32 bits.
            self._env.reset(seed=int(sequence.generate_state(1)[0] >> 1))
        steps = self._config.rollout_length
        return rltools.simulate(
            self._env, self._algo, steps=steps, log=log, reset=reset
        )


class Evaluation:
    """Measures the policy without chance or learning.

    Every evaluation starts from the same seed, so that its result depends on nothing
    but the policy. Each environment contributes the same number of episodes: counting
    all that end within some steps would favour short ones.

    Args:
        batch: The environments; `config.eval_agents` of them.
        algo: The algorithm whose policy to measure.
        config: The options of the run.
    """

    def __init__(self, batch: gym.vector.VectorEnv, algo: PPO, config: Config) -> None:
        self._env = rltools.InGraphBatchEnv(batch)
        self._algo = DeterministicPolicy(algo, batch.single_action_space.dtype)
        self._config = config

    def __call__(
        self, *, log: bool, report: bool, reset: bool
    ) -> tuple[Any, Any, dict[str, Any]]:
        """Run all episodes of one evaluation.

        Args:
            log: Whether to return a summary: the mean length, and the mean and standard
                deviation of the scores, over the episodes that count.
            report: Not used.
            reset: Not used, as an evaluation always starts new episodes.

        Returns:
            Whose episode counts and is done, the scores so far,
            [steps, eval_agents], and the summary.
        """
        self._env.reset(seed=self._config.seed)
        steps = self._config.eval_steps // self._config.eval_agents
        done, score, summary = rltools.simulate(
            self._env, self._algo, steps=steps, log=log
        )
        episode = tf.cumsum(tf.cast(done, tf.int32), exclusive=True)
        counts = done & (episode < self._config.episodes_per_agent)
        if log:
            summary |= _statistics(counts, score)
        return counts, score, summary

    def mean_score(self) -> float:
        """Evaluate outside of a loop and return the mean score of all episodes."""
        done, score, _ = self(log=False, report=False, reset=True)
        return float(tf.reduce_mean(score[done]))


def _statistics(counts: Any, score: Any) -> dict[str, Any]:
    """Summary of the episodes that end where `counts` is true; both [steps, agents]."""
    scores = score[counts]
    # The episodes of an agent follow one another: those that count take this long.
    steps = tf.range(1, len(counts) + 1)[:, None] * tf.cast(counts, tf.int32)
    return {
        "mean_score": tf.reduce_mean(scores),
        "std_score": tf.math.reduce_std(scores),
        "mean_length": tf.reduce_sum(tf.reduce_max(steps, 0)) / len(scores),
    }


class DeterministicPolicy:
    """Takes the most likely actions of a policy and learns nothing.

    Args:
        algo: The algorithm that has the policy.
        action_dtype: Dtype of the action space.
    """

    def __init__(self, algo: PPO, action_dtype: Any) -> None:
        self._algo = algo
        self._action_dtype = tf.as_dtype(action_dtype)

    def begin_episode(self, indices: Any) -> None:
        """Nothing to do; int32 [k]."""
        del indices

    def perform(self, indices: Any, observ: Any) -> Any:
        """Choose actions [k, *action_shape] for observations [k, *shape]."""
        mode = self._algo.mode(tf.cast(observ, tf.float32))
        return tf.cast(mode, self._action_dtype)

    def experience(self, indices: Any, *transition: Any) -> None:
        """Nothing to do; int32 [k] and what `PPO.experience` takes."""
        del indices, transition

    def end_episode(self, indices: Any) -> None:
        """Nothing to do; int32 [k]."""
        del indices
