"""Broken wrappers: more than seed and actions decide what comes out."""

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces

from rltools.mocks.broken.wrapper_base import BrokenWrapper, Result


class DrawsUnseeded(BrokenWrapper):
    """Some actions are replaced by others from a generator that no seed restarts."""

    trips = frozenset({"W5"})

    def __init__(self, env: gym.Env[Any, Any]) -> None:
        super().__init__(env)
        self._generator = np.random.default_rng()

    def step(self, action: Any) -> Result:
        """Take the action or, half of the time, the lowest one."""
        if self._generator.random() < 0.5:
            action = self.action_space.low  # type: ignore[attr-defined]
        return self.env.step(action)


class DrawsGlobally(BrokenWrapper):
    """It seeds NumPy's global generator, and draws from it."""

    trips = frozenset({"W5"})

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> Any:
        """Seed the global generator."""
        if seed is not None:
            np.random.seed(seed)
        return self.env.reset(seed=seed, options=options)

    def step(self, action: Any) -> Result:
        """Take the action or, half of the time, the lowest one."""
        if np.random.random() < 0.5:
            action = self.action_space.low  # type: ignore[attr-defined]
        return self.env.step(action)


class RemembersTime(BrokenWrapper):
    """Infos count the steps, and the count is not reset with the episode."""

    trips = frozenset({"W5"})

    _time = 0

    def step(self, action: Any) -> Result:
        """Count the step."""
        observ, reward, terminated, truncated, info = self.env.step(action)
        self._time += 1
        return observ, reward, terminated, truncated, {**info, "time": self._time}


class SharesCount(BrokenWrapper):
    """Infos count the steps of the episode, with one count for all instances."""

    trips = frozenset({"W5"})

    _count: list[int] = []

    def reset(self, **arguments: Any) -> Any:
        """Start counting."""
        self._count.clear()
        return self.env.reset(**arguments)

    def step(self, action: Any) -> Result:
        """Count the step."""
        observ, reward, terminated, truncated, info = self.env.step(action)
        self._count.append(1)
        info = {**info, "count": len(self._count)}
        return observ, reward, terminated, truncated, info


class ClipsInPlace(BrokenWrapper):
    """Actions are clipped in the caller's own array."""

    trips = frozenset({"W5"})

    def __init__(self, env: gym.Env[Any, Any]) -> None:
        super().__init__(env)
        self.action_space = spaces.Box(-100.0, 100.0, env.action_space.shape)

    def step(self, action: Any) -> Result:
        """Clip the action and take it."""
        bounds: Any = self.env.action_space
        return self.env.step(np.clip(action, bounds.low, bounds.high, out=action))


class ReusesArray(BrokenWrapper):
    """All observations are the same array, overwritten by every step."""

    trips = frozenset({"W5"})

    _array: Any = None

    def reset(self, **arguments: Any) -> Any:
        """Write the first observation to the array."""
        observ, info = self.env.reset(**arguments)
        if self._array is None:
            self._array = np.empty_like(observ)
        return self._write(observ), info

    def step(self, action: Any) -> Result:
        """Write the others."""
        observ, *rest = self.env.step(action)
        return (self._write(observ), *rest)

    def _write(self, observ: Any) -> Any:
        self._array[...] = observ
        return self._array


class KeepsObservation(BrokenWrapper):
    """Infos compare with the observation before, which the caller may have changed."""

    trips = frozenset({"W5"})

    _last: Any = None

    def step(self, action: Any) -> Result:
        """Compare with the observation of the step before."""
        observ, reward, terminated, truncated, info = self.env.step(action)
        last = observ if self._last is None else self._last
        info = {**info, "change": float(np.sum(observ - last))}
        self._last = None if terminated or truncated else observ
        return observ, reward, terminated, truncated, info

    def reset(self, **arguments: Any) -> Any:
        """Forget the observation."""
        self._last = None
        return self.env.reset(**arguments)


class KeepsAction(BrokenWrapper):
    """The action of the last step is taken, which the caller may have overwritten."""

    trips = frozenset({"W5"})

    _last: Any = None

    def reset(self, **arguments: Any) -> Any:
        """Forget the action."""
        self._last = None
        return self.env.reset(**arguments)

    def step(self, action: Any) -> Result:
        """Take the action of the step before."""
        last = action if self._last is None else self._last
        self._last = action
        return self.env.step(last)


class DrawsToRender(BrokenWrapper):
    """Frames get noise from the generator that the environment draws from."""

    trips = frozenset({"W5"})

    def render(self) -> Any:
        """Add noise to the frame."""
        frame: Any = self.env.render()
        return frame + self.np_random.integers(2, size=np.shape(frame))


WRAPPERS: tuple[type[BrokenWrapper], ...] = (
    DrawsUnseeded,
    DrawsGlobally,
    RemembersTime,
    SharesCount,
    ClipsInPlace,
    ReusesArray,
    KeepsObservation,
    KeepsAction,
    DrawsToRender,
)
