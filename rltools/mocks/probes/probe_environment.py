"""What all probe environments have in common."""

from abc import abstractmethod
from typing import Any, ClassVar

import numpy as np
from gymnasium import spaces

from rltools.errors import InvalidArgumentError, InvalidObservationError
from rltools.mocks.strict_environment import StrictEnvironment
from rltools.space_checks import describe, explain_mismatch

# Inside of the bounds, where neither clipping nor squashing leads by itself.
_GOOD_ACTION = 0.5


class ProbeEnvironment(StrictEnvironment):
    """A task so small that its values are known, and so is what is wrong without them.

    An algorithm that learns other values or actions than these has a mistake, and the
    probe says where to look for it. They are meant to be tried in the order of
    `PROBES`: each needs one more part of the algorithm than those before it.

    Observations are float32 arrays of shape (1,); the number in it is all there is to
    know about the state. All randomness comes from the generator of the environment
    that `reset(seed=...)` restarts.

    With `Discrete(2)` actions, a good action earns a reward of 1 and a bad one -1 where
    the action matters. With continuous ones, the reward is 1 minus the squared
    distance to the good action, which is 0.5 or -0.5.

    The idea of probes is that of Andy Jones, "Debugging RL, Without the Agonizing
    Pain" (2021).

    Args:
        continuous: Whether actions are float32 arrays of shape (1,) from -1 to 1,
            rather than 0 or 1.

    Attributes:
        suspect: The part of an algorithm that is likely to be wrong if it fails here,
            while it passes the probes before this one.
        continuous: Whether the actions are.
        max_duration: The number of steps of the longest episode.
    """

    suspect: ClassVar[str]
    max_duration: int = 1

    def __init__(self, *, continuous: bool = False) -> None:
        self.continuous = continuous
        self.observation_space = spaces.Box(-1.0, 1.0, (1,), np.float32)
        self.action_space = (
            spaces.Box(-1.0, 1.0, (1,), np.float32)
            if continuous
            else spaces.Discrete(2)
        )
        self._state = 0.0

    @abstractmethod
    def values(self, gamma: float) -> dict[float, float]:
        """The exact value of every observation under the best policy.

        Args:
            gamma: The discount of the next step's value, from 0 to 1.

        Returns:
            Dictionary from the number in the observation to its value. It has the
            observations in which an action is taken, not those that only end an
            episode.

        Raises:
            InvalidArgumentError: The discount is out of its range.
        """

    def action_value(self, observ: np.ndarray, action: Any, gamma: float) -> float:
        """The exact value of an action, if the best policy follows.

        Args:
            observ: Float32 array of shape (1,).
            action: An element of the action space.
            gamma: The discount of the next step's value, from 0 to 1.

        Raises:
            InvalidArgumentError: The discount is out of its range.
            InvalidObservationError: The observation is not one of this environment.
        """
        state = self._check_state(observ)
        good = self._good_action(state)
        if good is None:
            return self.values(gamma)[state]
        check_discount(gamma)
        return self._score(action, good)  # Nothing follows where the action matters.

    def best_action(self, observ: np.ndarray) -> Any:
        """The only best action, or None where all actions are equally good.

        Args:
            observ: Float32 array of shape (1,).

        Returns:
            An element of the action space, or None.

        Raises:
            InvalidObservationError: The observation is not one of this environment.
        """
        good = self._good_action(self._check_state(observ))
        if good is None or not self.continuous:
            return good
        return np.array([(2 * good - 1) * _GOOD_ACTION], np.float32)

    def _good_action(self, state: float) -> int | None:
        """The discrete action that is best in a state; None if there is no such."""
        return None

    def _begin(
        self, seed: int | None, options: dict[str, Any] | None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        self._state = self._first_state()
        return self._observe(), {}

    def _first_state(self) -> float:
        return 0.0

    def _random_state(self) -> float:
        return float(self.np_random.choice([-1.0, 1.0]))

    def _observe(self) -> np.ndarray:
        return np.array([self._state], np.float32)

    def _score(self, action: Any, good: int) -> float:
        """The reward of an action where another one, or the same, is the good one."""
        if not self.continuous:
            return 1.0 if int(action) == good else -1.0
        distance = float(action[0]) - (2 * good - 1) * _GOOD_ACTION
        return 1.0 - distance**2

    def _check_state(self, observ: Any) -> float:
        problem = explain_mismatch(self.observation_space, observ, "observ")
        known = sorted(self.values(0.0))
        if problem or float(observ[0]) not in known:
            raise InvalidObservationError(
                f"expected observ to be a float32 array of shape (1,) with one of the "
                f"numbers {known}, got {describe(observ)}: {observ!r}."
            )
        return float(observ[0])


def check_discount(gamma: float, *, below_one: bool = False) -> None:
    """Check that a discount is from 0 to 1.

    Args:
        gamma: The discount.
        below_one: Whether it must not be 1, because the values would be infinite.

    Raises:
        InvalidArgumentError: It is not.
    """
    is_number = isinstance(gamma, int | float | np.number)
    if not is_number or not 0 <= gamma <= 1 or (below_one and gamma == 1):
        expected = "at least 0 and below 1" if below_one else "from 0 to 1"
        raise InvalidArgumentError(
            f"expected gamma to be a number {expected}, got {describe(gamma)}."
        )
