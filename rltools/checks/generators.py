"""The random generators that an environment has to leave alone."""

import random
from typing import Any

import gymnasium as gym
import numpy as np


class Generators:
    """Those of Python, of NumPy and of an environment's action space.

    Args:
        env: The environment.
    """

    def __init__(self, env: gym.Env[Any, Any]) -> None:
        self._env = env
        self._before = self._states()

    def changes(self) -> dict[str, str]:
        """Tell which have been used since: from the kind of generator to a line."""
        after = self._states()
        return {
            kind: f"the state of {name} changed"
            for (kind, name), state in self._before.items()
            if state != after[kind, name]
        }

    def _states(self) -> dict[tuple[str, str], Any]:
        state: Any = np.random.get_state()
        states: dict[tuple[str, str], Any] = {
            ("global generator", "numpy.random"): (state[1].tobytes(), *state[2:]),
            ("global generator", "random"): random.getstate(),
        }
        space = self._env.action_space
        generator = getattr(space, "_np_random", None)
        drawn = None if generator is None else repr(generator.bit_generator.state)
        states["space generator", "action_space"] = drawn
        return states
