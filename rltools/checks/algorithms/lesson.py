"""Trains an algorithm on a probe environment and asks what it has learnt."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import gymnasium as gym
import numpy as np

from rltools.checks.algorithms.actions import Batching, to_arrays
from rltools.checks.algorithms.play import Play
from rltools.checks.algorithms.protocols import (
    Acts,
    Evaluates,
    HasValue,
    HasVerbs,
    Trains,
)
from rltools.checks.algorithms.trial import AlgorithmTrial
from rltools.checks.check import SkipCheck
from rltools.errors import InvalidArgumentError
from rltools.mocks.algorithm import MockAlgorithm
from rltools.mocks.probes import ProbeEnvironment
from rltools.space_checks import describe

_EPISODES = 20  # Of each environment, to look at what was learnt.


class Lesson:
    """An algorithm that is trained on a probe, and asked what it has learnt.

    Args:
        trial: Makes the algorithm.
        probe: The kind of environment to train it on.
    """

    def __init__(self, trial: AlgorithmTrial, probe: type[ProbeEnvironment]) -> None:
        self._trial = trial
        self._options = trial.options
        self._make = lambda: probe(continuous=trial.options.continuous)
        self._probe = self._make()
        self._algorithm = trial.make_algorithm(trial.watch(trial.make_envs(self._make)))
        self._acts = isinstance(self._algorithm, Evaluates | Acts)
        self._has_value = isinstance(self._algorithm, HasValue)
        self._exact_values: dict[float, float] = {}

    @property
    def is_blind_to_discount(self) -> bool:
        """Whether values without a discount would be right enough."""
        gamma = self._options.gamma
        return gamma is not None and 1.0 - gamma <= self._options.tolerance

    def require_something_to_judge(self) -> None:
        """Skip the check if the probe says nothing of what the algorithm offers."""
        if not isinstance(self._algorithm, HasVerbs | Trains):
            raise SkipCheck("it has neither the four verbs nor train(steps)")
        if not self._has_value and not self._acts:
            raise SkipCheck("it has none of value(observ), evaluation(), act(observ)")
        if not self._has_value and not any(
            self._best_action(state) is not None for state in self._probe.values(0.0)
        ):
            raise SkipCheck("it has no value(observ)")
        gamma = self._options.gamma
        if gamma is None:
            if self._probe.values(0.0) != self._probe.values(0.5):
                raise SkipCheck("the right values depend on its discount: say gamma")
            gamma = 0.0  # Any will do.
        try:
            self._exact_values = self._probe.values(gamma)
        except InvalidArgumentError as error:
            raise SkipCheck(f"there are no right values: {error}") from error

    def train(self) -> list[str]:
        """Train the algorithm; returns what went wrong."""
        if isinstance(self._algorithm, Trains):
            self._algorithm.train(self._options.probe_steps)
            return []
        play = Play(
            self._algorithm,
            self._trial.make_envs(self._make),
            seed=self._options.seed,
            name="training",
        )
        play.play(-(-self._options.probe_steps // self._options.num_envs))
        return [play.failure] if play.failure else []

    def judge(self) -> list[str]:
        """Let the algorithm act; returns which values and actions are not right."""
        witnesses: list[_Witness] = []

        def make() -> gym.Env[Any, Any]:
            witnesses.append(_Witness(self._make()))
            return witnesses[-1]

        envs = self._trial.make_envs(make)
        seed = self._options.seed
        verbs = (
            self._trial.evaluate(self._algorithm)
            if self._acts
            else MockAlgorithm(envs, seed=seed)
        )
        asking = _Asking(
            verbs,
            self._algorithm if self._has_value else None,
            envs[0].observation_space,
            witnesses,
        )
        play = Play(asking, envs, seed=seed, name="evaluation")
        play.play(_EPISODES * self._probe.max_duration)
        if play.failure:
            return [play.failure]
        actions = [pair for witness in witnesses for pair in witness.actions]
        return [
            *self._judge_values(asking.values),
            *(self._judge_actions(actions) if self._acts else []),
        ]

    def _judge_values(self, values: dict[float, list[Any]]) -> Iterator[str]:
        for state, found in sorted(values.items()):
            expected = self._exact_values[state]
            tolerance = self._options.tolerance * max(1.0, abs(expected))
            # Written so that NaN is wrong, too.
            wrong = [value for value in found if not abs(value - expected) <= tolerance]
            if wrong:
                yield (
                    f"value of the observation {state:g}: expected {expected:.4g} "
                    f"within {tolerance:.4g}, got {wrong[0]:.4g}"
                )

    def _judge_actions(self, actions: list[tuple[float, Any]]) -> Iterator[str]:
        told = set()
        for state, action in actions:
            best = self._best_action(state)
            if best is None or state in told:
                continue
            tolerance = self._options.action_tolerance * self._options.continuous
            if (
                not abs(float(np.squeeze(action)) - float(np.squeeze(best)))
                <= tolerance
            ):
                told.add(state)
                around = f" within {tolerance:.4g}" * self._options.continuous
                yield (
                    f"action for the observation {state:g}: expected {best}{around}, "
                    f"got {action}"
                )

    def _best_action(self, state: float) -> Any:
        return self._probe.best_action(np.array([state], np.float32))


class _Witness(gym.Wrapper[Any, Any, Any, Any]):
    """Knows the state of a probe, and which actions reach it."""

    def __init__(self, env: ProbeEnvironment) -> None:
        super().__init__(env)
        self.state = 0.0
        self.actions: list[tuple[float, Any]] = []

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        observ, info = self.env.reset(seed=seed, options=options)
        self.state = float(observ[0])
        return observ, info

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        self.actions.append((self.state, action))
        result = self.env.step(action)
        self.state = float(result[0][0])
        return result


class _Asking:
    """Asks for the value of each observation before its action."""

    def __init__(
        self,
        verbs: HasVerbs,
        algorithm: HasValue | None,
        observation_space: gym.Space[Any],
        witnesses: list[_Witness],
    ) -> None:
        self.values: dict[float, list[Any]] = defaultdict(list)
        self._algorithm = algorithm
        self._observs = Batching(observation_space)
        self._witnesses = witnesses
        self._verbs = verbs
        self.begin_episode = verbs.begin_episode
        self.experience = verbs.experience
        self.end_episode = verbs.end_episode

    def perform(self, indices: np.ndarray, observ: Any) -> Any:
        rows = self._observs.unstack(observ, len(indices))
        for index, row in zip(indices, rows, strict=True):
            if self._algorithm is not None:
                value = to_arrays(self._algorithm.value(row))
                self.values[self._witnesses[index].state].append(_to_number(value))
        return self._verbs.perform(indices, observ)


def _to_number(value: Any) -> float:
    array = np.asarray(value)
    if array.size != 1 or array.dtype.kind not in "biuf":
        raise TypeError(f"value(observ): expected a number, got {describe(value)}")
    return float(array.reshape(()))
