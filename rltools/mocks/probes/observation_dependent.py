"""The reward is what was observed."""

from typing import Any

import numpy as np

from rltools.mocks.probes.probe_environment import ProbeEnvironment, check_discount


class ObservationDependent(ProbeEnvironment):
    """One step whose reward is the observation, 1 or -1: V(o) = o.

    Both observations come equally often, and the last one repeats the first.
    """

    suspect = (
        "the way of the observation into the value function: its normalisation, the "
        "gradient through the network, or observations mixed up with others' returns"
    )

    def values(self, gamma: float) -> dict[float, float]:
        """V(-1) = -1, V(1) = 1; see `ProbeEnvironment.values`."""
        check_discount(gamma)
        return {-1.0: -1.0, 1.0: 1.0}

    def _first_state(self) -> float:
        return self._random_state()

    def _advance(
        self, action: Any
    ) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        return self._observe(), self._state, True, False, {}
