"""Algorithms that step their environments by themselves, with a mistake in it."""

from collections.abc import Sequence
from typing import Any, ClassVar

import gymnasium as gym
import numpy as np

from rltools.mocks.linear_actor_critic import LinearActorCritic


class OwnLoop:
    """A loop in place of verbs, around an actor-critic that is right.

    Args:
        envs: The environments that it steps by itself.
        **options: Those of `LinearActorCritic`.

    Attributes:
        trips: Names of the checks of `check_algorithm` that it fails: of this one none,
            of those that derive from it one.
    """

    trips: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, envs: Sequence[gym.Env[Any, Any]], **options: Any) -> None:
        self._envs = envs
        self._learner = LinearActorCritic(envs, **options)
        self._observs: list[Any] = [None] * len(envs)

    def train(self, steps: int) -> None:
        """Step the environments in turn."""
        for number in range(steps):
            self._step(number % len(self._envs))

    def act(self, observ: np.ndarray) -> Any:
        """The best action for an observation that begins an episode."""
        return self._learner.evaluation().perform(np.array([0]), observ[None])[0]

    def value(self, observ: np.ndarray) -> float:
        """The value of an observation that begins an episode."""
        return self._learner.value(observ)

    def weights(self) -> dict[str, np.ndarray]:
        """Copies of all that is learnt."""
        return self._learner.weights()

    def _step(self, index: int) -> None:
        indices = np.array([index])
        if self._observs[index] is None:
            self._observs[index], _ = self._envs[index].reset()
            self._learner.begin_episode(indices)
        observ = self._observs[index][None]
        action = self._learner.perform(indices, observ)
        following, reward, terminated, truncated, _ = self._send(index, action[0])
        self._learner.experience(
            *(indices, observ, action, np.array([reward])),
            *(np.array([terminated]), np.array([truncated]), following[None]),
        )
        is_over = self._is_over(terminated, truncated)
        self._observs[index] = None if is_over else following

    def _send(self, index: int, action: Any) -> Any:
        return self._envs[index].step(action)

    def _is_over(self, terminated: bool, truncated: bool) -> bool:
        return terminated or truncated


class StepsOnAfterTruncation(OwnLoop):
    """Looks at `terminated` alone to see whether an episode is over."""

    trips = frozenset({"A1"})

    def _is_over(self, terminated: bool, truncated: bool) -> bool:
        return terminated


class NeverSteps(OwnLoop):
    """Returns from its training at once."""

    trips = frozenset({"A1"})

    def train(self, steps: int) -> None:
        """Do nothing."""


class SendsWrongActions(OwnLoop):
    """Puts something else into its environments than what it has chosen."""

    trips = frozenset({"A2"})

    def _send(self, index: int, action: Any) -> Any:
        return super()._send(index, action + 1)


class ActsOutOfSpace(OwnLoop):
    """Acts by actions that there are not."""

    trips = frozenset({"A2"})

    def act(self, observ: np.ndarray) -> Any:
        """An action that is one too large."""
        return super().act(observ) + 1


class ActsByTheLastObservation(OwnLoop):
    """Is always one observation late, whomever it came from."""

    trips = frozenset({"A3"})

    def __init__(self, envs: Sequence[gym.Env[Any, Any]], **options: Any) -> None:
        super().__init__(envs, **options)
        self._last = np.zeros(1, np.float32)

    def act(self, observ: np.ndarray) -> Any:
        """The best action for the observation before."""
        last, self._last = self._last, observ
        return super().act(last)


class LearnsInAct(OwnLoop):
    """Goes on learning while it is only asked for actions."""

    trips = frozenset({"A4"})

    def act(self, observ: np.ndarray) -> Any:
        """The best action, and a step of training."""
        self.train(1)
        return super().act(observ)


class LearnsNoActions(OwnLoop):
    """Trains another policy than the one it acts by."""

    trips = frozenset({"A5-action"})

    def act(self, observ: np.ndarray) -> Any:
        """The worst action for the observation."""
        return 1 - super().act(observ)


ALGORITHMS: tuple[type[OwnLoop], ...] = (
    StepsOnAfterTruncation,
    NeverSteps,
    SendsWrongActions,
    ActsOutOfSpace,
    ActsByTheLastObservation,
    LearnsInAct,
    LearnsNoActions,
)
