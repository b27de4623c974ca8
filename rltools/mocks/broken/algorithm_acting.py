"""Algorithms with a mistake in how they act or in what they keep: A1 to A4."""

from typing import Any

import numpy as np

from rltools.mocks.broken.broken_algorithm import BrokenAlgorithm


class ReturnsOneAction(BrokenAlgorithm):
    """Acts in the first environment only."""

    trips = frozenset({"A1"})

    def perform(self, indices: np.ndarray, observ: np.ndarray) -> np.ndarray:
        """Return the first action alone, without the dimension of the batch."""
        return super().perform(indices, observ)[0]


class ReturnsFloats(BrokenAlgorithm):
    """Returns discrete actions in the dtype of its computations."""

    trips = frozenset({"A1"})

    def perform(self, indices: np.ndarray, observ: np.ndarray) -> np.ndarray:
        """Return float64 actions."""
        return super().perform(indices, observ).astype(np.float64)


class ExpectsEveryEnd(BrokenAlgorithm):
    """Does not know that an episode may be given up."""

    trips = frozenset({"A1"})

    def __init__(self, envs: Any, **options: Any) -> None:
        super().__init__(envs, **options)
        self._running: set[int] = set()

    def begin_episode(self, indices: np.ndarray) -> None:
        """Raise unless the episodes before have ended."""
        if self._running & set(indices.tolist()):
            raise RuntimeError("The episode before has not ended.")
        self._running |= set(indices.tolist())
        super().begin_episode(indices)

    def end_episode(self, indices: np.ndarray) -> None:
        """Note the end."""
        self._running -= set(indices.tolist())


class IsOffByOne(BrokenAlgorithm):
    """Counts its actions from 1."""

    trips = frozenset({"A2"})

    def perform(self, indices: np.ndarray, observ: np.ndarray) -> np.ndarray:
        """Return the action above the right one, also if there is none."""
        return super().perform(indices, observ) + 1


class EvaluatesOutOfSpace(BrokenAlgorithm):
    """Forgets to bring the actions of an evaluation into the space."""

    trips = frozenset({"A2"})

    def perform(self, indices: np.ndarray, observ: np.ndarray) -> np.ndarray:
        """Return right actions in training only."""
        action = super().perform(indices, observ)
        return action if self._learns else action - 1


class KnowsNoSubsets(BrokenAlgorithm):
    """Takes for granted that all environments step together."""

    trips = frozenset({"A2"})

    def perform(self, indices: np.ndarray, observ: np.ndarray) -> np.ndarray:
        """Return actions for all environments, whichever were asked for."""
        action = super().perform(indices, observ)
        everyone = np.zeros((len(self._traces), *action.shape[1:]), action.dtype)
        everyone[indices] = action
        return everyone


class KeepsMemory(BrokenAlgorithm):
    """Takes its memory along into the next episode."""

    trips = frozenset({"A3"})

    def begin_episode(self, indices: np.ndarray) -> None:
        """Forget to forget."""


class ForgetsAtTheEnd(BrokenAlgorithm):
    """Clears its memory when an episode ends, which not every one does."""

    trips = frozenset({"A3"})

    def begin_episode(self, indices: np.ndarray) -> None:
        """Rely on `end_episode`."""

    def end_episode(self, indices: np.ndarray) -> None:
        """Forget the episode."""
        self._traces[indices] = 0.0


class MixesMemories(BrokenAlgorithm):
    """Lets environments see what the others remember."""

    trips = frozenset({"A3"})

    def _features(self, observ: np.ndarray, traces: np.ndarray) -> np.ndarray:
        total = np.broadcast_to(traces.sum(axis=0), traces.shape)
        return super()._features(observ, total)


class KnowsItsPlace(BrokenAlgorithm):
    """Acts by the sign of its index, too."""

    trips = frozenset({"A3"})

    def perform(self, indices: np.ndarray, observ: np.ndarray) -> np.ndarray:
        """Turn the observations of environments of odd index around."""
        is_odd = (indices % 2 == 1).reshape(-1, *[1] * (observ.ndim - 1))
        return super().perform(indices, np.where(is_odd, -observ, observ))


class LearnsInEvaluation(BrokenAlgorithm):
    """Goes on learning while it is evaluated."""

    trips = frozenset({"A4"})

    def experience(self, indices: np.ndarray, *transition: Any) -> None:
        """Learn in any case."""
        learns, self._learns = self._learns, True
        super().experience(indices, *transition)
        self._learns = learns


class CountsInEvaluation(BrokenAlgorithm):
    """Adds observations of an evaluation to its statistics."""

    trips = frozenset({"A4"})

    def __init__(self, envs: Any, **options: Any) -> None:
        super().__init__(envs, **options)
        self._statistics = {"count": 0, "sum": 0.0}

    def perform(self, indices: np.ndarray, observ: np.ndarray) -> np.ndarray:
        """Count the observations in any case."""
        self._statistics["count"] += len(observ)
        self._statistics["sum"] += float(np.sum(observ))
        return super().perform(indices, observ)

    def weights(self) -> dict[str, Any]:
        """Copies of all that is learnt, statistics included."""
        return super().weights() | self._statistics


ALGORITHMS: tuple[type[BrokenAlgorithm], ...] = (
    ReturnsOneAction,
    ReturnsFloats,
    ExpectsEveryEnd,
    IsOffByOne,
    EvaluatesOutOfSpace,
    KnowsNoSubsets,
    KeepsMemory,
    ForgetsAtTheEnd,
    MixesMemories,
    KnowsItsPlace,
    LearnsInEvaluation,
    CountsInEvaluation,
)
