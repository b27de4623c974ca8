"""What the checks can ask of an algorithm. All of it is optional.

The more an algorithm offers, the more can be checked: a check that needs what it does
not have is skipped and says so. An algorithm of another kind takes a small adapter, a
class with those of the methods below that it can give.
"""

from typing import Any, Protocol, runtime_checkable

import numpy as np


@runtime_checkable
class HasVerbs(Protocol):
    """Is told what happens in a batch of environments, and asked for actions.

    Every environment's episode is a `begin_episode`, then `perform` and `experience` in
    turn until a flag is set, then an `end_episode`. An episode may be given up at any
    time by beginning the next one. `indices` are int32 arrays of shape [k].
    """

    def begin_episode(self, indices: np.ndarray) -> None:
        """Episodes begin in these environments."""

    def perform(self, indices: np.ndarray, observ: Any) -> Any:
        """Return actions for k observations, both batched.

        Tensors of a framework, that is values with a method `numpy()`, will do.
        """

    def experience(
        self,
        indices: np.ndarray,
        observ: Any,
        action: Any,
        reward: np.ndarray,
        terminated: np.ndarray,
        truncated: np.ndarray,
        next_observ: Any,
    ) -> None:
        """Take note of k steps: rewards are float32, flags bool, both of shape [k].

        The observations that followed are of the same episodes, also at their ends.
        """

    def end_episode(self, indices: np.ndarray) -> None:
        """The episodes of these environments have ended."""


@runtime_checkable
class Trains(Protocol):
    """Steps its environments by itself, as `learn` does in many libraries."""

    def train(self, steps: int) -> None:
        """Take about this many steps, over all the environments it was made with."""


@runtime_checkable
class Evaluates(Protocol):
    """Can act without learning and without chance."""

    def evaluation(self) -> HasVerbs:
        """The same policy with verbs that learn nothing and choose the best actions.

        It is for as many environments as the algorithm was made with, but for others:
        what is kept for each environment is not that of training.
        """


@runtime_checkable
class Acts(Protocol):
    """Can act without learning and without chance, from one observation alone."""

    def act(self, observ: Any) -> Any:
        """The best action for one observation."""


@runtime_checkable
class HasValue(Protocol):
    """Has a value function."""

    def value(self, observ: Any) -> float:
        """The value of one observation, in the units of the rewards.

        It is asked for observations of an evaluation, each just before its action, so
        that an algorithm with a memory can tell in which episode it stands.
        """


@runtime_checkable
class HasWeights(Protocol):
    """Can show all that it has learnt."""

    def weights(self) -> Any:
        """A nest of arrays or tensors: networks, optimiser, statistics, step counts."""
