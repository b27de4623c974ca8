"""Environments whose episodes begin as they should not."""

from typing import Any

import numpy as np

from rltools.mocks.broken.sound import SoundEnvironment


class ResetWithoutInfo(SoundEnvironment):
    """Returns nothing but the observation from reset, as in the older gym."""

    trips = frozenset({"R1"})

    def reset(self, **arguments: Any) -> Any:
        """Start, and return the observation."""
        return super().reset(**arguments)[0]


class NoneAsInfo(SoundEnvironment):
    """Returns None where the info of a reset should be."""

    trips = frozenset({"R1"})

    def reset(self, **arguments: Any) -> Any:
        """Start."""
        return super().reset(**arguments)[0], None


class FirstObservationOfOtherType(SoundEnvironment):
    """Its first observations are float64 where float32 is declared."""

    trips = frozenset({"R2"})

    def reset(self, **arguments: Any) -> Any:
        """Start."""
        observ, info = super().reset(**arguments)
        return observ.astype(np.float64), info


class FirstObservationOutside(SoundEnvironment):
    """Starts outside of the bounds that it declares."""

    trips = frozenset({"R2"})

    def reset(self, **arguments: Any) -> Any:
        """Start."""
        observ, info = super().reset(**arguments)
        return observ + 3, info


class NoSeed(SoundEnvironment):
    """Its reset takes no arguments, as in the older gym."""

    trips = frozenset({"R3"})

    def reset(self) -> Any:  # type: ignore[override]
        """Start."""
        return super().reset()


class NoOptions(SoundEnvironment):
    """Its reset takes a seed and no options."""

    trips = frozenset({"R3"})

    def reset(self, *, seed: int | None = None) -> Any:  # type: ignore[override]
        """Start."""
        return super().reset(seed=seed)


class SeedIgnored(SoundEnvironment):
    """Draws where it starts from the operating system, whatever the seed."""

    trips = frozenset({"R4"})

    def reset(self, **arguments: Any) -> Any:
        """Start."""
        _, info = super().reset(**arguments)
        self.position = np.random.default_rng().uniform(-0.1, 0.1, 3)
        return self.observe(), info


class SeedForOneEpisode(SoundEnvironment):
    """Only the episode of the seed itself starts as the seed has it."""

    trips = frozenset({"R4"})

    def reset(self, *, seed: int | None = None, **arguments: Any) -> Any:
        """Start."""
        if seed is None:
            seed = int(np.random.default_rng().integers(2**31))
        return super().reset(seed=seed, **arguments)


class InfoIgnoresSeed(SoundEnvironment):
    """The info of a reset is drawn without the seed."""

    trips = frozenset({"R4"})

    def reset(self, **arguments: Any) -> Any:
        """Start."""
        observ, info = super().reset(**arguments)
        return observ, {**info, "luck": float(np.random.default_rng().uniform())}


class OneResetAtATime(SoundEnvironment):
    """Refuses a reset that follows another one at once."""

    trips = frozenset({"R5"})

    def reset(self, **arguments: Any) -> Any:
        """Start."""
        if self.running and self.steps == 0:
            raise RuntimeError("The episode has not begun yet.")
        return super().reset(**arguments)


class EndOutlivesReset(SoundEnvironment):
    """An episode's end ends the next one, too, at its first step."""

    trips = frozenset({"R6"})

    def __init__(self, render_mode: str | None = None) -> None:
        super().__init__(render_mode)
        self.ended = False

    def step(self, action: Any) -> Any:
        """Move."""
        observ, reward, terminated, truncated, info = super().step(action)
        terminated, self.ended = terminated or self.ended, terminated or truncated
        self.running = not (terminated or truncated)
        return observ, reward, terminated, truncated and not terminated, info


class CountOutlivesReset(SoundEnvironment):
    """Counts the steps of an episode that was given up to the next one's length."""

    trips = frozenset({"R7"})

    def reset(self, **arguments: Any) -> Any:
        """Start."""
        steps = self.steps if self.running else 0
        observ, info = super().reset(**arguments)
        self.steps = steps
        return observ, info


class SeedMethod(SoundEnvironment):
    """Has a method `seed` as in the older gym."""

    trips = frozenset({"R8"})

    def seed(self, seed: int | None = None) -> list[int | None]:
        """Do nothing."""
        return [seed]


class ChangesOptions(SoundEnvironment):
    """Takes the options it has seen to out of the caller's dict."""

    trips = frozenset({"R9"})

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> Any:
        """Start."""
        for name in list(options or {}):
            (options or {}).pop(name)
        return super().reset(seed=seed)


class KeepsOptions(SoundEnvironment):
    """Looks into the caller's dict of options at every step."""

    trips = frozenset({"R9"})

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> Any:
        """Start."""
        self.options = options or {}
        return super().reset(seed=seed)

    def direction(self, action: Any) -> float:
        """How far an action moves; less with options."""
        return super().direction(action) * 0.9 ** len(self.options)


ENVIRONMENTS = (
    ResetWithoutInfo,
    NoneAsInfo,
    FirstObservationOfOtherType,
    FirstObservationOutside,
    NoSeed,
    NoOptions,
    SeedIgnored,
    SeedForOneEpisode,
    InfoIgnoresSeed,
    OneResetAtATime,
    EndOutlivesReset,
    CountOutlivesReset,
    SeedMethod,
    ChangesOptions,
    KeepsOptions,
)
