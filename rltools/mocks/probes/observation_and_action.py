"""Which action is rewarded depends on the observation."""

from typing import Any

import numpy as np

from rltools.mocks.probes.probe_environment import ProbeEnvironment, check_discount


class ObservationAndAction(ProbeEnvironment):
    """One step that rewards the action that fits the observation: V(-1) = V(1) = 1.

    For the observation 1 that is the action 1, or the continuous action 0.5; for -1 it
    is 0, or -0.5. Both observations come equally often, and the last one repeats the
    first.
    """

    suspect = (
        "the way of the observation into the policy, or a batch whose observations, "
        "actions and advantages don't belong together"
    )

    def values(self, gamma: float) -> dict[float, float]:
        """V(-1) = V(1) = 1; see `ProbeEnvironment.values`."""
        check_discount(gamma)
        return {-1.0: 1.0, 1.0: 1.0}

    def _good_action(self, state: float) -> int:
        return int(state > 0)

    def _first_state(self) -> float:
        return self._random_state()

    def _advance(
        self, action: Any
    ) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        reward = self._score(action, self._good_action(self._state))
        return self._observe(), reward, True, False, {}
