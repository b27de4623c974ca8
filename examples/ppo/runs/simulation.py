"""The two phases of a run, as operations for `rltools.Loop`."""

import time
from typing import Any

import gymnasium as gym
import numpy as np
import tensorflow as tf

import rltools
from examples.ppo.algorithm.learner import do_not_convert
from examples.ppo.config import Config
from examples.ppo.ppo import PPO
from examples.ppo.runs.array_actor import ArrayActor
from examples.ppo.runs.array_evaluator import ArrayEvaluator


class Training:
    """Collects one rollout, and lets the algorithm train on it.

    In the graph the algorithm does so by itself, with the last step.

    Args:
        batch: The environments; `config.num_agents` of them.
        algo: The algorithm.
        config: The options of the run.
    """

    def __init__(self, batch: gym.vector.VectorEnv, algo: PPO, config: Config) -> None:
        self._env = rltools.InGraphBatchEnv(batch)
        self._algo = algo
        self._config = config
        self._actor = None if config.acts_in_graph else ArrayActor(algo, config)
        self._acting: Any = algo
        if self._actor is not None:
            self._acting = rltools.InGraphAlgorithm(self._actor, self._env)

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
            and the summary, with `steps_per_second` added.
        """
        started = time.perf_counter()
        if reset:
            updates = int(self._algo.learner.num_updates)
            sequence = np.random.SeedSequence([self._config.seed, updates])
            # Environment i gets the seed plus i, which must not exceed 32 bits.
            self._env.reset(seed=int(sequence.generate_state(1)[0] >> 1))
        if self._actor is not None:
            self._actor.begin_rollout()
        steps = self._config.rollout_length
        done, score, summary = rltools.simulate(
            self._env, self._acting, steps=steps, log=log, reset=reset
        )
        if self._actor is not None:
            self._algo.learn(self._actor.rollout)
            summary |= self._algo.summary() if log else {}
        seconds = time.perf_counter() - started
        return (
            done,
            score,
            {
                **summary,
                "steps_per_second": self._config.update_every / seconds,
            },
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
        self._config = config
        self._evaluator: ArrayEvaluator | None = None
        self._acting: Any
        if config.acts_in_graph:
            self._acting = DeterministicPolicy(algo, config.eval_agents)
        else:
            self._evaluator = ArrayEvaluator(algo, config.eval_agents)
            self._acting = rltools.InGraphAlgorithm(self._evaluator, self._env)

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
        config = self._config
        if self._evaluator is not None:
            self._evaluator.take_policy()
        self._env.reset(seed=config.seed)
        shape = config.eval_steps // config.eval_agents, config.eval_agents
        done, score = np.zeros(shape, np.bool_), np.zeros(shape, np.float32)
        # In pieces of which each is enough for one episode: most may be shorter.
        for start in range(0, shape[0], config.max_length):
            part = slice(start, start + config.max_length)
            done[part], score[part], _ = rltools.simulate(
                self._env, self._acting, steps=config.max_length
            )
            if (done.sum(0) >= config.episodes_per_agent).all():
                break
        done &= np.cumsum(done, 0) <= config.episodes_per_agent
        # An agent's episodes follow one another without a gap.
        steps = np.where(done.any(0), shape[0] - done[::-1].argmax(0), 0).sum()
        summary = {
            "mean_score": score[done].mean(),
            "std_score": score[done].std(),
            "mean_length": steps / done.sum(),
        }
        return done, score, summary if log else {}

    def mean_score(self) -> float:
        """Evaluate outside of a loop and return the mean score of all episodes."""
        done, score, _ = self(log=False, report=False, reset=True)
        return float(score[done].mean())


class DeterministicPolicy(tf.Module):
    """Takes the most likely actions of a policy and learns nothing.

    Args:
        algo: The algorithm that has the policy.
        num_envs: Number of environments to act in.
        with_values: Whether to estimate values too, which takes time.

    Attributes:
        value: With values, those of the observations that were acted on last, in units
            of the environment's reward, float32 [num_envs].
    """

    def __init__(self, algo: PPO, num_envs: int, *, with_values: bool = False) -> None:
        super().__init__(name="deterministic_policy")
        self._algo = algo
        self._with_values = with_values
        size = algo.network.state_size
        self._state = tf.Variable(tf.zeros([num_envs, size]), trainable=False)
        self.value = tf.Variable(tf.zeros([num_envs]), trainable=False)

    @do_not_convert
    def begin_episode(self, indices: Any) -> None:
        """Forget the previous episode; int32 [k]."""
        zeros = tf.zeros([tf.shape(indices)[0], self._state.shape[1]])
        self._state.scatter_update(tf.IndexedSlices(zeros, indices))

    @do_not_convert
    def perform(self, indices: Any, observ: Any) -> Any:
        """Choose actions for observations; both nested tensors with k rows."""
        algo = self._algo
        outputs, value, state = algo.act(
            algo.observations(observ), tf.gather(self._state, indices)
        )
        self._state.scatter_update(tf.IndexedSlices(state, indices))
        if self._with_values:
            value = algo.return_filter.restore(value)
            self.value.scatter_update(tf.IndexedSlices(value, indices))
        return algo.actions.unflatten(algo.network.distribution(outputs).mode())

    def experience(self, indices: Any, *transition: Any) -> None:
        """Nothing to do; int32 [k] and what `PPO.experience` takes."""
        del indices, transition

    def end_episode(self, indices: Any) -> None:
        """Nothing to do; int32 [k]."""
        del indices
