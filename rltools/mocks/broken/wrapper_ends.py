"""Broken wrappers: the end of an episode comes out wrong."""

from typing import Any

import numpy as np

from rltools.mocks.broken.wrapper_base import BrokenWrapper, Result


class _Mirrors(BrokenWrapper):
    """Turns observations around within their bounds, as it should."""

    def reset(self, **arguments: Any) -> Any:
        observ, info = self.env.reset(**arguments)
        return self._mirror(observ), info

    def _mirror(self, observ: Any) -> Any:
        space: Any = self.observation_space
        return np.clip(space.low + space.high - observ, space.low, space.high)


class LeavesLastAlone(_Mirrors):
    """Observations are turned around, but not the last one of an episode."""

    trips = frozenset({"W4"})

    def step(self, action: Any) -> Result:
        """Turn the observation around unless it is the last one."""
        observ, reward, terminated, truncated, info = self.env.step(action)
        if not (terminated or truncated):
            observ = self._mirror(observ)
        return observ, reward, terminated, truncated, info


class LeavesTruncatedAlone(_Mirrors):
    """Observations are turned around, but not the last one of a truncated episode."""

    trips = frozenset({"W4"})

    def step(self, action: Any) -> Result:
        """Turn the observation around unless the episode is truncated with it."""
        observ, reward, terminated, truncated, info = self.env.step(action)
        if not truncated:
            observ = self._mirror(observ)
        return observ, reward, terminated, truncated, info


class LosesLast(BrokenWrapper):
    """At the end of an episode comes the first observation of the next one."""

    trips = frozenset({"W4"})

    def step(self, action: Any) -> Result:
        """Step, and reset at once when the episode is over."""
        observ, reward, terminated, truncated, info = self.env.step(action)
        if terminated or truncated:
            observ, info = self.env.reset()
        return observ, reward, terminated, truncated, info


class SkipsTheEnd(BrokenWrapper):
    """Of three steps only the last one is shown: an end before it shows older ones."""

    trips = frozenset({"W4"})

    _shown: Any = None

    def reset(self, **arguments: Any) -> Any:
        """Show the first observation."""
        observ, info = self.env.reset(**arguments)
        self._shown = observ.copy()
        return observ, info

    def step(self, action: Any) -> Result:
        """Take up to three steps."""
        for number in range(3):
            observ, reward, terminated, truncated, info = self.env.step(action)
            if number == 2:
                self._shown = observ
            if terminated or truncated:
                break
        return self._shown.copy(), reward, terminated, truncated, info


WRAPPERS: tuple[type[BrokenWrapper], ...] = (
    LeavesLastAlone,
    LeavesTruncatedAlone,
    LosesLast,
    SkipsTheEnd,
)
