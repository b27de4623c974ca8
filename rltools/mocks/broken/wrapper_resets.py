"""Broken wrappers: what a reset is given gets lost."""

from typing import Any

from rltools.mocks.broken.wrapper_base import BrokenWrapper


class DropsSeed(BrokenWrapper):
    """The seed of a reset goes nowhere."""

    trips = frozenset({"W2"})

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> Any:
        """Reset without the seed."""
        return self.env.reset(options=options)


class DropsSeedZero(BrokenWrapper):
    """A seed is passed on if it is true, which zero is not."""

    trips = frozenset({"W2"})

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> Any:
        """Reset with most seeds."""
        if seed:
            return self.env.reset(seed=seed, options=options)
        return self.env.reset(options=options)


class DropsOptions(BrokenWrapper):
    """The options of a reset go nowhere."""

    trips = frozenset({"W2"})

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> Any:
        """Reset without the options."""
        return self.env.reset(seed=seed)


class TakesNoSeed(BrokenWrapper):
    """Reset takes no arguments at all, as in the older gym."""

    trips = frozenset({"W2"})

    def reset(self) -> Any:  # type: ignore[override]
        """Reset without arguments."""
        return self.env.reset()


class RepeatsSeed(BrokenWrapper):
    """The last seed is given again at every reset: all episodes are the same."""

    trips = frozenset({"W2"})

    _seed: int | None = None

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> Any:
        """Reset with the last seed."""
        self._seed = self._seed if seed is None else seed
        return self.env.reset(seed=self._seed, options=options)


WRAPPERS: tuple[type[BrokenWrapper], ...] = (
    DropsSeed,
    DropsSeedZero,
    DropsOptions,
    TakesNoSeed,
    RepeatsSeed,
)
