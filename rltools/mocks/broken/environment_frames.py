"""Environments that can't be shown, or do something else when they are."""

from typing import Any

import numpy as np

from rltools.mocks.broken.sound import SoundEnvironment


class FloatFrames(SoundEnvironment):
    """Renders images of floats."""

    trips = frozenset({"L3"})

    def render(self) -> Any:
        """An image, or text."""
        frame = super().render()
        return frame if self.render_mode == "ansi" else frame / 255


class UndeclaredMode(SoundEnvironment):
    """Raises for a mode that it declares."""

    trips = frozenset({"L3"})

    def render(self) -> Any:
        """An image."""
        if self.render_mode == "ansi":
            raise NotImplementedError("There is no text.")
        return super().render()


class DrawsToRender(SoundEnvironment):
    """Frames get noise from the generator that its steps draw from."""

    trips = frozenset({"L4"})

    def render(self) -> Any:
        """An image with noise, or text."""
        frame = super().render()
        if self.render_mode == "ansi":
            return frame
        noise = self.np_random.integers(2, size=frame.shape, dtype=np.uint8)
        return frame // 2 + noise


class MovesToRender(SoundEnvironment):
    """Moves half a step further to show where it will be."""

    trips = frozenset({"L4"})

    def render(self) -> Any:
        """An image, or text."""
        self.position[1] += 0.01
        return super().render()


class SlowerWhereSeen(SoundEnvironment):
    """Takes smaller steps where it was made to be rendered."""

    trips = frozenset({"L4"})

    def direction(self, action: Any) -> float:
        """How far an action moves."""
        return super().direction(action) * (1.0 if self.render_mode is None else 0.9)


class OneFrame(SoundEnvironment):
    """Draws all its frames into one array."""

    trips = frozenset({"L5"})

    def __init__(self, render_mode: str | None = None) -> None:
        super().__init__(render_mode)
        self.frame: Any = None

    def render(self) -> Any:
        """The array, drawn anew, or text."""
        if self.render_mode == "ansi":
            return super().render()
        if self.frame is None:
            self.frame = super().render()
        self.frame[:] = super().render()
        return self.frame


ENVIRONMENTS = (
    FloatFrames,
    UndeclaredMode,
    DrawsToRender,
    MovesToRender,
    SlowerWhereSeen,
    OneFrame,
)
