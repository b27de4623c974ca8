"""Broken wrappers: close and render get lost."""

from typing import Any

import numpy as np

from rltools.mocks.broken.wrapper_base import BrokenWrapper


class StaysOpen(BrokenWrapper):
    """Closing it leaves the environment open."""

    trips = frozenset({"W6"})

    def close(self) -> None:
        """Do nothing."""


class ClosesOnce(BrokenWrapper):
    """Closing it a second time raises."""

    trips = frozenset({"W6"})

    _viewer: Any = "open"

    def close(self) -> None:
        """Close what is there no more."""
        self._viewer.upper()
        self._viewer = None
        self.env.close()


class LosesFrame(BrokenWrapper):
    """Rendering it renders the environment and returns nothing."""

    trips = frozenset({"W6"})

    def render(self) -> Any:
        """Forget to return the frame."""
        self.env.render()


class RendersNothing(BrokenWrapper):
    """Rendering it returns an empty image, and the environment is not asked."""

    trips = frozenset({"W6"})

    def render(self) -> Any:
        """Return an image of its own."""
        return np.zeros((4, 4, 3), np.uint8)


WRAPPERS: tuple[type[BrokenWrapper], ...] = (
    StaysOpen,
    ClosesOnce,
    LosesFrame,
    RendersNothing,
)
