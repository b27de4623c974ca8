"""The sound environment from which the broken ones derive."""

from typing import Any

import gymnasium as gym
import numpy as np

from rltools.errors import ResetNeededError

_LENGTH = 12  # Steps after which an episode is truncated.
_EDGE = 0.9  # Distance at which it is terminated.


class SoundEnvironment(gym.Env[Any, Any]):
    """A noisy walk in three dimensions that keeps every law of `check_env`.

    The action moves along the first axis, and noise along all of them. An episode is
    terminated at a distance of 0.9, and truncated after 12 steps.

    Args:
        render_mode: One of `"rgb_array"` and `"ansi"`, or None.

    Attributes:
        trips: Names of the checks that fail: none of this one.
    """

    metadata = {"render_modes": ["rgb_array", "ansi"], "render_fps": 10}
    trips: frozenset[str] = frozenset()

    def __init__(self, render_mode: str | None = None) -> None:
        self.render_mode = render_mode
        self.observation_space = gym.spaces.Box(-2.0, 2.0, (3,), np.float32)
        self.action_space: gym.Space[Any] = gym.spaces.Discrete(2)
        self.position = np.zeros(3)
        self.steps = 0
        self.running = False

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Start near the centre."""
        super().reset(seed=seed)
        self.position = self.np_random.uniform(-0.1, 0.1, 3)
        self.steps = 0
        self.running = True
        return self.observe(), self.inform()

    def step(self, action: Any) -> Any:
        """Move."""
        if not self.running:
            raise ResetNeededError("Cannot step before a reset.")
        self.steps += 1
        self.position = self.position + self.np_random.normal(0.0, 0.05, 3)
        self.position[0] += self.direction(action)
        np.clip(self.position, -2.0, 2.0, out=self.position)
        terminated = bool(np.abs(self.position).max() > _EDGE)
        truncated = not terminated and self.steps >= _LENGTH
        self.running = not (terminated or truncated)
        reward = float(self.position[0])
        return self.observe(), reward, terminated, truncated, self.inform()

    def render(self) -> Any:
        """An image of the position, or its numbers as text."""
        if self.render_mode == "ansi":
            return str(self.position)
        shade = np.clip(128 + 60 * self.position, 0, 255).astype(np.uint8)
        return np.tile(shade, (8, 8, 1))

    def direction(self, action: Any) -> float:
        """How far an action moves."""
        return 0.15 if action else -0.15

    def observe(self) -> Any:
        """The observation of the present state."""
        return self.position.astype(np.float32)

    def inform(self) -> Any:
        """The info of the present state."""
        return {"steps": self.steps, "position": self.position.copy()}
