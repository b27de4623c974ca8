"""Rollouts of a feed-forward policy, in NumPy and not in the graph."""

from typing import Any

import gymnasium as gym
import numpy as np

from examples.ppo.algorithm.memory import Transition
from examples.ppo.config import Config
from examples.ppo.networks.array_policy import ArrayPolicy
from examples.ppo.ppo import PPO
from rltools.errors import (
    InvalidObservationError,
    InvalidResultError,
    RLToolsError,
)
from rltools.in_graph.space_spec import explain_not_finite


class ArrayRollouts:
    """Does with arrays what `rltools.simulate` does with an algorithm in the graph.

    What is drawn depends on nothing but the seed of the run and the updates made.

    Args:
        batch: The environments; `config.num_agents` of them.
        algo: The algorithm.
        config: The options of the run.
    """

    def __init__(self, batch: gym.vector.VectorEnv, algo: PPO, config: Config) -> None:
        self._batch = batch
        self._algo = algo
        self._config = config
        shape = config.rollout_length, config.num_agents
        observ = np.zeros(
            (*shape, algo.observations.size), algo.observations.dtype.as_numpy_dtype
        )
        number, flag = np.zeros(shape, np.float32), np.zeros(shape, np.bool_)
        self._rollout = Transition(
            observ=observ,
            action=np.zeros((*shape, algo.actions.size), np.float32),
            state=np.zeros((*shape, 0), np.float32),
            logprob=number,
            reward=number.copy(),
            begins=flag,
            terminated=flag.copy(),
            truncated=flag.copy(),
            next_observ=observ.copy(),
        )
        # Of the episodes under way: what is acted on next, whose episode has just
        # begun or is over, the rewards and the steps so far.
        self._observ: np.ndarray | None = None
        self._begins = self._done = np.ones(config.num_agents, np.bool_)
        self._score = np.zeros(config.num_agents, np.float32)
        self._length = np.zeros(config.num_agents, np.int32)
        self._ended: list[tuple[float, int]] = []

    def collect(
        self, seed: int | None = None, *, log: bool = False
    ) -> tuple[np.ndarray, np.ndarray, dict[str, Any]]:
        """Make the steps of one rollout, and train on them.

        Args:
            seed: Begin new episodes with it in all environments; None to go on. The
                first rollout begins episodes anyway, and one after an error.
            log: Whether to return a summary.

        Returns:
            Whose episode is over after each step, bool, and the sum of rewards of the
            running episode, float32, both [rollout_length, num_agents]; and the
            summary, as `rltools.simulate` makes it.

        Raises:
            InvalidObservationError, InvalidResultError: An environment has returned a
                number that is not finite.
        """
        algo, rollout = self._algo, self._rollout
        policy = ArrayPolicy(algo.network, algo.observ_filter, algo.actions)
        score = np.empty_like(rollout.reward)
        observ, self._observ = self._observ, None
        if observ is None or seed is not None:
            observ = self._begin(seed)
        for step, noise in enumerate(policy.draw(score.shape, self._rng())):
            if self._done.any():
                observ = self._reset(observ)
            rollout.observ[step] = observ
            rollout.begins[step] = self._begins
            action, rollout.logprob[step] = policy.act(observ, noise)
            rollout.action[step] = action
            result = self._batch.step(algo.actions.unflatten_array(action))
            observ = self._note(step, *result[:4])
            score[step] = self._score
        self._observ = observ
        algo.learn(rollout)
        done = rollout.terminated | rollout.truncated
        return done, score, self._summary() if log else {}

    def _begin(self, seed: int | None) -> np.ndarray:
        observ, _ = self._batch.reset(seed=seed)
        self._begins = np.ones_like(self._done)
        self._done = np.zeros_like(self._done)
        self._score[:] = self._length[:] = 0
        return self._flatten(observ)

    def _rng(self) -> np.random.Generator:
        updates = int(self._algo.learner.num_updates)
        # Other streams of the run are made from the same two numbers.
        seed = np.random.SeedSequence([self._config.seed, updates], spawn_key=(1,))
        return np.random.default_rng(seed)

    def _reset(self, observ: np.ndarray) -> np.ndarray:
        """Begin new episodes where they are over; returns all observations."""
        done = self._done
        values, _ = self._batch.reset(options={"reset_mask": done})
        self._score[done] = self._length[done] = 0
        self._begins = done
        return np.where(done[:, np.newaxis], self._flatten(values), observ)

    def _note(
        self, step: int, observ: Any, reward: Any, terminated: Any, truncated: Any
    ) -> np.ndarray:
        """Write what came of a step to the rollout; returns the observations."""
        rollout = self._rollout
        self._algo.observations.write(observ, rollout.next_observ[step])
        rollout.reward[step] = reward
        rollout.terminated[step], rollout.truncated[step] = terminated, truncated
        _check_finite("reward", rollout.reward[step], InvalidResultError)
        _check_finite("observ", rollout.next_observ[step], InvalidObservationError)
        self._score += rollout.reward[step]
        self._length += 1
        self._begins, self._done = np.zeros_like(self._done), terminated | truncated
        for index in np.flatnonzero(self._done):
            self._ended.append((self._score[index], self._length[index]))
        return rollout.next_observ[step]

    def _flatten(self, observ: Any) -> np.ndarray:
        flat = np.empty_like(self._rollout.observ[0])
        self._algo.observations.write(observ, flat)
        _check_finite("observ", flat, InvalidObservationError)
        return flat

    def _summary(self) -> dict[str, Any]:
        means = np.mean(self._ended, 0) if self._ended else np.zeros((2, 0))
        self._ended = []
        mean_score, mean_length = means.astype(np.float32)
        return {
            **self._algo.summary(),
            "mean_score": mean_score,
            "mean_length": mean_length,
        }


def _check_finite(name: str, array: np.ndarray, kind: type[RLToolsError]) -> None:
    if problem := explain_not_finite(name, array, 1):
        raise kind(problem)
