"""A task without end that is cut into episodes."""

from typing import Any

import numpy as np

from rltools.arguments import check_integer
from rltools.mocks.probes.probe_environment import ProbeEnvironment, check_discount


class Truncation(ProbeEnvironment):
    """A reward of 1 at each step, for ever, but cut after some: V(0) = 1 / (1 - gamma).

    The observation is always 0 and says nothing about the time that is left. After
    `duration` steps the episode is truncated, which says that the task would have gone
    on: the value of what is observed last counts like that of any other observation.
    An algorithm that takes it for a termination learns less, the shorter the episode:
    1 / (1 - gamma (1 - 1 / duration)) by bootstrapping from single steps.

    Args:
        continuous: As for all probes.
        duration: The number of steps of an episode, at least 1.

    Raises:
        InvalidArgumentError: The duration is not an integer of at least 1.
    """

    suspect = (
        "the bootstrap where an episode was truncated: it is missing, as after a "
        "termination, or it uses the first observation of the next episode"
    )

    def __init__(self, *, continuous: bool = False, duration: int = 5) -> None:
        super().__init__(continuous=continuous)
        self.max_duration = check_integer("duration", duration, at_least=1)

    def values(self, gamma: float) -> dict[float, float]:
        """V(0) = 1 / (1 - gamma), for discounts below 1; see `ProbeEnvironment.values`.

        Args:
            gamma: The discount of the next step's value, at least 0 and below 1.

        Raises:
            InvalidArgumentError: The discount is out of its range.
        """
        check_discount(gamma, below_one=True)
        return {0.0: 1.0 / (1.0 - gamma)}

    def _advance(
        self, action: Any
    ) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        is_last = self._elapsed + 1 == self.max_duration
        return self._observe(), 1.0, False, is_last, {}
