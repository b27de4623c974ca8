"""The reward depends on the action alone."""

from typing import Any

import numpy as np

from rltools.mocks.probes.probe_environment import ProbeEnvironment, check_discount


class ActionDependent(ProbeEnvironment):
    """One step that rewards the action 1, or the continuous action 0.5: V(0) = 1.

    The observation is always 0.
    """

    suspect = (
        "the loss of the policy: the sign of the advantage, the probability of the "
        "action taken, or actions that are changed on their way to the environment"
    )

    def values(self, gamma: float) -> dict[float, float]:
        """V(0) = 1; see `ProbeEnvironment.values`."""
        check_discount(gamma)
        return {0.0: 1.0}

    def _good_action(self, state: float) -> int:
        return 1

    def _advance(
        self, action: Any
    ) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        return self._observe(), self._score(action, 1), True, False, {}
