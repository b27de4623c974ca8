"""Every observation and reward are the same."""

from typing import Any

import numpy as np

from rltools.mocks.probes.probe_environment import ProbeEnvironment, check_discount


class ConstantReward(ProbeEnvironment):
    """One step with a reward of 1 whatever is done: V(0) = 1.

    The observation after it is the same, 0. If the value goes towards
    1 / (1 - gamma) instead, the algorithm bootstraps from behind the end.
    """

    suspect = (
        "the loss, optimiser or target of the value function; a value above 1 "
        "comes from bootstrapping after a termination"
    )

    def values(self, gamma: float) -> dict[float, float]:
        """V(0) = 1; see `ProbeEnvironment.values`."""
        check_discount(gamma)
        return {0.0: 1.0}

    def _advance(
        self, action: Any
    ) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        return self._observe(), 1.0, True, False, {}
