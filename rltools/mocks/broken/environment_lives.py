"""Environments that can't be repeated, copied or closed."""

import itertools
import os
import threading
from typing import Any

import numpy as np

from rltools.mocks.broken.sound import SoundEnvironment


class UnseededNoise(SoundEnvironment):
    """From the second step on, its noise does not come from the seed."""

    trips = frozenset({"D1"})

    def direction(self, action: Any) -> float:
        """How far an action moves, more or less."""
        noise = np.random.default_rng().normal(0.0, 0.01) if self.steps > 1 else 0.0
        return super().direction(action) + noise


class TiresForGood(SoundEnvironment):
    """Moves less after every episode that came to its end."""

    trips = frozenset({"D1"})

    def __init__(self, render_mode: str | None = None) -> None:
        super().__init__(render_mode)
        self.ends = 0

    def step(self, action: Any) -> Any:
        """Move."""
        result = super().step(action)
        self.ends += not self.running
        return result

    def direction(self, action: Any) -> float:
        """How far an action moves by now."""
        return super().direction(action) * 0.9 ** (self.ends // 2)


class SharedState(SoundEnvironment):
    """All instances have one position."""

    trips = frozenset({"D2"})
    shared = np.zeros(3)

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "position":
            self.shared[:] = value
            value = self.shared
        super().__setattr__(name, value)


class InstancesDiffer(SoundEnvironment):
    """Every new instance moves a little further than the one before."""

    trips = frozenset({"D2"})
    made = itertools.count()

    def __init__(self, render_mode: str | None = None) -> None:
        super().__init__(render_mode)
        self.number = next(self.made)

    def direction(self, action: Any) -> float:
        """How far an action moves."""
        return super().direction(action) * (1 + self.number / 1000)


class DependsOnProcess(SoundEnvironment):
    """What an action does depends on the process it is done in."""

    trips = frozenset({"D2"})

    def direction(self, action: Any) -> float:
        """How far an action moves here."""
        return super().direction(action) + 1e-3 * (os.getpid() % 997) / 997


class SeedInert(SoundEnvironment):
    """Starts its generator anew with each seed, but always in the same way."""

    trips = frozenset({"D3"})

    def reset(self, *, seed: int | None = None, **arguments: Any) -> Any:
        """Start."""
        return super().reset(seed=None if seed is None else 0, **arguments)


class ClosesOnce(SoundEnvironment):
    """Can't be closed a second time."""

    trips = frozenset({"L1"})

    def __init__(self, render_mode: str | None = None) -> None:
        super().__init__(render_mode)
        self.screen: Any = object()

    def close(self) -> None:
        """Give the screen back."""
        if self.screen is None:
            raise AttributeError("There is no screen to give back.")
        self.screen = None


class HoldsLock(SoundEnvironment):
    """Holds a lock, which can't be copied."""

    trips = frozenset({"L2"})

    def __init__(self, render_mode: str | None = None) -> None:
        super().__init__(render_mode)
        self.lock = threading.Lock()


class CopyIsItself(SoundEnvironment):
    """Its copies are no copies."""

    trips = frozenset({"L2"})

    def __deepcopy__(self, memo: dict[int, Any]) -> "CopyIsItself":
        return self


class ForgetsItsNoise(SoundEnvironment):
    """A pickled copy moves further than the original."""

    trips = frozenset({"L2"})
    scale = 1.0

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.scale = 1.1

    def direction(self, action: Any) -> float:
        """How far an action moves."""
        return super().direction(action) * self.scale


class CopyDrawsAnew(SoundEnvironment):
    """A copy has no generator until its next reset, and makes up one of its own."""

    trips = frozenset({"L2"})

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_np_random": None}


ENVIRONMENTS = (
    UnseededNoise,
    TiresForGood,
    SharedState,
    InstancesDiffer,
    DependsOnProcess,
    SeedInert,
    ClosesOnce,
    HoldsLock,
    CopyIsItself,
    ForgetsItsNoise,
    CopyDrawsAnew,
)
