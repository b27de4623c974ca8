"""Renders an environment after every call, and keeps an eye on the frames."""

import copy
from dataclasses import dataclass
from typing import Any

import gymnasium as gym

from rltools.checks.difference import differences
from rltools.checks.rollout import Rollout


@dataclass(frozen=True)
class Rendering:
    """What came of an environment that was rendered after every call.

    Attributes:
        rollout: What its calls returned; None if it could not be rendered.
        made_for: Its `render_mode`.
        frames: Its first frame and its last one.
        changed: What was written to a frame after it had been returned; may be empty.
        missing: The library without which it can't be rendered, as the error says it.
        error: What else was raised.
    """

    rollout: Rollout | None = None
    made_for: Any = None
    frames: tuple[Any, ...] = ()
    changed: str = ""
    missing: str | None = None
    error: BaseException | None = None


class FrameWatch(gym.Wrapper[Any, Any, Any, Any]):
    """Renders after every call, in the process of the environment.

    Args:
        env: The environment.
        is_shown: Whether to render at all.
    """

    def __init__(self, env: gym.Env[Any, Any], *, is_shown: bool) -> None:
        super().__init__(env)
        self._is_shown = is_shown
        self._held: list[tuple[Any, Any]] = []  # Frames, each with a copy of it.
        self._changed = ""

    def reset(self, **arguments: Any) -> Any:
        """Reset, and render."""
        result = self.env.reset(**arguments)
        self._render()
        return result

    def step(self, action: Any) -> Any:
        """Step, and render."""
        result = self.env.step(action)
        self._render()
        return result

    def look(self) -> dict[str, Any]:
        """What there is to say of the frames: arguments of `Rendering`."""
        return {
            "made_for": self.env.render_mode,
            "frames": tuple(snapshot for _, snapshot in self._held),
            "changed": self._changed,
        }

    def _render(self) -> None:
        if not self._is_shown:
            return
        frame: Any = self.env.render()
        for held, snapshot in self._held:
            known = held[: len(snapshot)] if isinstance(held, list) else held
            found = differences(snapshot, known, "frame")
            if found and not self._changed:
                self._changed = f"{found[0]} after a later one was rendered"
        # The first one and the last one.
        self._held = [*self._held[:1], (frame, copy.deepcopy(frame))]
