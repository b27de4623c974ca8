"""The reward comes one step later."""

from typing import Any

import numpy as np

from rltools.mocks.probes.probe_environment import ProbeEnvironment, check_discount


class TwoStepDiscount(ProbeEnvironment):
    """Two steps with rewards of 0 and 1: V(0) = gamma, V(1) = 1.

    The observations are 0, then 1, and 1 again after the end. All of this is the same
    whatever is done.
    """

    suspect = (
        "the discount, or the bootstrap from the next observation: its index in time, "
        "and the returns or advantages computed from it"
    )
    max_duration = 2

    def values(self, gamma: float) -> dict[float, float]:
        """V(0) = gamma, V(1) = 1; see `ProbeEnvironment.values`."""
        check_discount(gamma)
        return {0.0: float(gamma), 1.0: 1.0}

    def _advance(
        self, action: Any
    ) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        is_last = self._state == 1.0
        self._state = 1.0
        return self._observe(), float(is_last), is_last, False, {}
