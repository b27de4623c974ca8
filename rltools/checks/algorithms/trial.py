"""The algorithm under test: how to make it, what it offers, how it is trained."""

import contextlib
import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import gymnasium as gym
import numpy as np

from rltools.checks.algorithms.actions import Batching, Rows, to_arrays
from rltools.checks.algorithms.play import Play
from rltools.checks.algorithms.protocols import (
    Acts,
    Evaluates,
    HasVerbs,
    HasWeights,
    Trains,
)
from rltools.checks.algorithms.watch import Watch
from rltools.checks.check import SkipCheck
from rltools.errors import InvalidArgumentError
from rltools.space_checks import describe

MakeAlgorithm = Callable[[Sequence[gym.Env[Any, Any]]], Any]
_GIVEN_UP = 0.1  # Part of the steps before which an episode is given up.


@dataclass(frozen=True)
class AlgorithmOptions:
    """What the caller says of the algorithm; see `check_algorithm` for each."""

    make_env: Callable[[], gym.Env[Any, Any]]
    wrap: Callable[[gym.Env[Any, Any]], gym.Env[Any, Any]]
    num_envs: int
    seed: int
    steps: int
    subsets: bool
    deterministic: bool
    gamma: float | None
    continuous: bool
    probe_steps: int
    tolerance: float
    action_tolerance: float


class AlgorithmTrial:
    """Makes algorithms and environments for checks, and closes the latter.

    Args:
        make: Callable that makes an algorithm for a list of environments.
        options: What the caller says of it.
    """

    def __init__(self, make: MakeAlgorithm, options: AlgorithmOptions) -> None:
        self.options = options
        self._make = make
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> "AlgorithmTrial":
        return self

    def __exit__(self, *details: Any) -> None:
        self._stack.close()

    @cached_property
    def algorithm(self) -> Any:
        """The algorithm that most checks look at, before or after its training."""
        return self.make_algorithm(self._watches)

    @cached_property
    def first_weights(self) -> Any:
        """The weights as they are when this is first asked for."""
        return show_weights(self.algorithm)

    @cached_property
    def training(self) -> Play | None:
        """The algorithm's training by its verbs, if it has those."""
        if not isinstance(self.algorithm, HasVerbs):
            return None
        _ = self.first_weights
        play = Play(
            self.algorithm, self.make_envs(), seed=self.options.seed, name="training"
        )
        return play.play(self.rounds, given_up=_GIVEN_UP)

    @cached_property
    def own_training(self) -> list[Watch]:
        """The algorithm's environments after it trained by itself, if it can."""
        if not isinstance(self.algorithm, Trains):
            return []
        _ = self.first_weights
        self.algorithm.train(self.options.steps)
        return self._watches

    @property
    def rounds(self) -> int:
        """Rounds in which all environments together make the steps of a play."""
        return -(-self.options.steps // self.options.num_envs)

    def require_training(self) -> None:
        """Train the algorithm, unless that was done; skip the check if it can't be."""
        if not self.own_training and not self.training:
            raise SkipCheck("it has neither the four verbs nor train(steps)")

    def make_algorithm(self, envs: Sequence[gym.Env[Any, Any]]) -> Any:
        """Make an algorithm for these environments.

        Raises:
            InvalidArgumentError: What is made offers nothing to check.
        """
        algorithm = self._make(envs)
        if not isinstance(algorithm, HasVerbs | Trains | Evaluates | Acts):
            raise InvalidArgumentError(
                "make_algorithm: expected it to return an algorithm with at least one "
                "of the four verbs, train(steps), evaluation() and act(observ), got "
                f"{describe(algorithm)}."
            )
        return algorithm

    def make_envs(
        self, make: Callable[[], gym.Env[Any, Any]] | None = None
    ) -> list[gym.Env[Any, Any]]:
        """As many environments as an algorithm acts in, closed after the trial."""
        envs = []
        for _ in range(self.options.num_envs):
            env = self.options.wrap((make or self.options.make_env)())
            if not isinstance(env, gym.Env):
                raise InvalidArgumentError(
                    "make_env: expected it, and wrap, to return a gymnasium.Env, got "
                    f"{describe(env)}."
                )
            self._stack.callback(env.close)
            envs.append(env)
        return envs

    def watch(self, envs: Sequence[gym.Env[Any, Any]]) -> list[Watch]:
        """The same environments for an algorithm to step by itself."""
        return [
            Watch(env, seed=self.options.seed + index, name=f"environment {index}")
            for index, env in enumerate(envs)
        ]

    def evaluate(self, algorithm: Any) -> HasVerbs:
        """The verbs of an algorithm that acts but does not learn.

        Raises:
            SkipCheck: It can't.
        """
        if isinstance(algorithm, Evaluates):
            return algorithm.evaluation()
        if isinstance(algorithm, Acts):
            return ActingVerbs(algorithm, self._watches[0].observation_space)
        raise SkipCheck("it has neither evaluation() nor act(observ)")

    @cached_property
    def _watches(self) -> list[Watch]:
        return self.watch(self.make_envs())


class ActingVerbs:
    """Makes verbs of a function of one observation."""

    def __init__(self, algorithm: Acts, observation_space: gym.Space[Any]) -> None:
        self._algorithm = algorithm
        self._observs = Batching(observation_space)

    def begin_episode(self, indices: np.ndarray) -> None:
        """Nothing to do."""

    def perform(self, indices: np.ndarray, observ: Any) -> Any:
        """Ask for one action after the other."""
        observs = self._observs.unstack(observ, len(indices))
        return Rows(to_arrays(self._algorithm.act(observ)) for observ in observs)

    def experience(self, indices: np.ndarray, *transition: Any) -> None:
        """Nothing to do."""

    def end_episode(self, indices: np.ndarray) -> None:
        """Nothing to do."""


def show_weights(algorithm: Any) -> Any:
    """Copy an algorithm's weights; None if it does not show them."""
    if not isinstance(algorithm, HasWeights):
        return None
    return copy.deepcopy(to_arrays(algorithm.weights()))
