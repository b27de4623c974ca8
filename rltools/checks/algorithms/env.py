"""The environment that algorithms act in where the caller names none."""

from typing import Any

import numpy as np
from gymnasium import spaces

from rltools.mocks.strict_environment import StrictEnvironment

_MAX_DURATION = 8


class RecallEnvironment(StrictEnvironment):
    """Rewards actions that fit the last two observations: they are worth telling apart.

    Whoever learns a little here acts differently for different observations and, with
    a memory, for different pasts, so that mixed up memories show in the actions.

    Observations are random numbers from -1 to 1 and the good action has the sign of the
    sum of the last two. Episodes have one to eight steps and end in either way.

    Args:
        continuous: Whether actions are float32 arrays of shape (1,) from -1 to 1,
            rather than 0 or 1.
    """

    def __init__(self, *, continuous: bool = False) -> None:
        self.observation_space = spaces.Box(-1.0, 1.0, (1,), np.float32)
        self.action_space = (
            spaces.Box(-1.0, 1.0, (1,), np.float32)
            if continuous
            else spaces.Discrete(2)
        )
        self._continuous = continuous
        self._duration = 1
        self._last_two = (0.0, 0.0)

    def _begin(
        self, seed: int | None, options: dict[str, Any] | None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        self._seed_generator(seed)
        self._duration = int(self.np_random.integers(1, _MAX_DURATION + 1))
        self._last_two = (0.0, 0.0)
        return self._observe(), {}

    def _advance(
        self, action: Any
    ) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        target = sum(self._last_two) / 2
        if self._continuous:
            reward = 1.0 - (float(action[0]) - target) ** 2
        else:
            reward = 1.0 if bool(action) == (target > 0) else -1.0
        ends = self._elapsed + 1 == self._duration
        terminated = ends and bool(self.np_random.integers(2))
        return self._observe(), reward, terminated, ends and not terminated, {}

    def _observe(self) -> np.ndarray:
        observ = self.np_random.uniform(-1.0, 1.0, 1).astype(np.float32)
        self._last_two = (self._last_two[1], float(observ[0]))
        return observ
