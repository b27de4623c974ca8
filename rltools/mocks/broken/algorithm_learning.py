"""Algorithms with a mistake in how they learn: A5."""

from typing import Any

import numpy as np

from rltools.mocks.broken.broken_algorithm import BrokenAlgorithm


class BootstrapsAfterTermination(BrokenAlgorithm):
    """Counts with the value of what comes after the end."""

    trips = frozenset({"A5-constant"})

    def _goes_on(self, terminated: np.ndarray, truncated: np.ndarray) -> np.ndarray:
        return np.ones_like(terminated)


class NeverLearnsValues(BrokenAlgorithm):
    """Has a value function that stays as it began."""

    trips = frozenset({"A5-constant"})

    def _improve_critic(self, *step: np.ndarray) -> None:
        pass


class IgnoresObservationInValue(BrokenAlgorithm):
    """Has one value for all observations."""

    trips = frozenset({"A5-observation"})

    def _improve_critic(self, *step: np.ndarray) -> None:
        super()._improve_critic(*step)
        self._critic[1:] = 0.0


class IgnoresDiscount(BrokenAlgorithm):
    """Counts the next value like the reward."""

    trips = frozenset({"A5-discount"})

    def __init__(self, envs: Any, **options: Any) -> None:
        super().__init__(envs, **options | {"gamma": 1.0})


class LearnsForNextObservation(BrokenAlgorithm):
    """Gives the value of an observation to the one after it."""

    trips = frozenset({"A5-discount"})

    def _improve_critic(
        self, features: np.ndarray, following: np.ndarray, advantage: np.ndarray
    ) -> None:
        super()._improve_critic(following, following, advantage)


class TakesTruncationForTermination(BrokenAlgorithm):
    """Learns that nothing comes after a time limit."""

    trips = frozenset({"A5-truncation"})

    def _goes_on(self, terminated: np.ndarray, truncated: np.ndarray) -> np.ndarray:
        return ~(terminated | truncated)


class TurnsAdvantageAround(BrokenAlgorithm):
    """Makes actions less likely that were better than expected."""

    trips = frozenset({"A5-action"})

    def _improve_policy(
        self, features: np.ndarray, action: np.ndarray, advantage: np.ndarray
    ) -> None:
        super()._improve_policy(features, action, -advantage)


class IgnoresObservationInPolicy(BrokenAlgorithm):
    """Learns one action for all observations."""

    trips = frozenset({"A5-observation-action"})

    def _improve_policy(self, features: np.ndarray, *step: np.ndarray) -> None:
        constant = np.zeros_like(features)
        constant[:, 0] = 1.0
        super()._improve_policy(constant, *step)


ALGORITHMS: tuple[type[BrokenAlgorithm], ...] = (
    BootstrapsAfterTermination,
    NeverLearnsValues,
    IgnoresObservationInValue,
    IgnoresDiscount,
    LearnsForNextObservation,
    TakesTruncationForTermination,
    TurnsAdvantageAround,
    IgnoresObservationInPolicy,
)
