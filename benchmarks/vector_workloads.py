"""Environments whose steps cost nothing, some memory, or a known time."""

import time
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.spaces import Box, Discrete

# Names that the command line takes, and where the environments are found.
WORKLOADS = {
    "null": f"{__name__}:Null",
    "cartpole": "CartPole-v1",
    "image": f"{__name__}:Image",
    "sleep-free-1ms": f"{__name__}:OneMillisecond",
}


class Null(gym.Env):
    """Returns constants: all the time is that of whoever steps it."""

    observation_space = Box(-1, 1, (4,), np.float32)
    action_space = Discrete(2)

    def __init__(self) -> None:
        self._observ = np.zeros(4, np.float32)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Return the constant observation."""
        return self._observ, {}

    def step(self, action: Any) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """Return constants; the episode never ends."""
        return self._observ, 0.0, False, False, {}


class Image(gym.Env):
    """Returns one of a few prepared stacks of frames: what counts is moving them."""

    observation_space = Box(0, 255, (84, 84, 4), np.uint8)
    action_space = Discrete(6)

    def __init__(self) -> None:
        generator = np.random.default_rng(0)
        self._frames = generator.integers(0, 256, (8, 84, 84, 4), np.uint8)
        self._steps = 0

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Return the first frames."""
        return self._frames[0], {}

    def step(self, action: Any) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """Return the next frames; the episode never ends."""
        self._steps += 1
        return self._frames[self._steps % 8], 0.0, False, False, {}


class OneMillisecond(Null):
    """Computes for a millisecond in each step, as a simulator would.

    Measured is the time that the core has worked for this thread (`time.thread_time`)
    and not the time of day: two environments on one core must take two milliseconds.
    """

    def step(self, action: Any) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """Return constants after a millisecond of work."""
        end = time.thread_time() + 0.001
        while time.thread_time() < end:
            pass
        return super().step(action)
