"""Wrappers with one mistake each, for environments of vectors with vector actions.

Every class says in `trips` which checks of `check_wrapper` find it, and no others do.
"""

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces

Result = tuple[Any, Any, bool, bool, dict[str, Any]]


class BrokenWrapper(gym.Wrapper[Any, Any, Any, Any]):
    """Base of all of them, which by itself changes nothing.

    Attributes:
        trips: Names of the checks that fail.
    """

    trips: frozenset[str] = frozenset()


class ScalesValuesOnly(BrokenWrapper):
    """Observations are ten times as large, the observation space is not."""

    trips = frozenset({"W1"})

    def reset(self, **arguments: Any) -> Any:
        """Scale the first observation."""
        observ, info = self.env.reset(**arguments)
        return observ * np.float32(10), info

    def step(self, action: Any) -> Result:
        """Scale the others."""
        observ, *rest = self.env.step(action)
        return (observ * np.float32(10), *rest)


class ScalesSpaceOnly(BrokenWrapper):
    """The observation space says from 0 to 1, the observations are as they were."""

    trips = frozenset({"W1"})

    def __init__(self, env: gym.Env[Any, Any]) -> None:
        super().__init__(env)
        self.observation_space = spaces.Box(0.0, 1.0, env.observation_space.shape)


class WidensActionsOnly(BrokenWrapper):
    """The action space becomes wider, and actions are passed on as they come."""

    trips = frozenset({"W1"})

    def __init__(self, env: gym.Env[Any, Any]) -> None:
        super().__init__(env)
        self.action_space = spaces.Box(-100.0, 100.0, env.action_space.shape)


class RoundsAtTheBounds(BrokenWrapper):
    """Actions become float64 on their way, but only those at the upper bound."""

    trips = frozenset({"W1"})

    def step(self, action: Any) -> Result:
        """Pass the action on, almost as it is."""
        if np.all(action == self.action_space.high):  # type: ignore[attr-defined]
            action = action.astype(np.float64)
        return self.env.step(action)


class ChangesInnerSpace(BrokenWrapper):
    """The environment's own observation space is widened in place."""

    trips = frozenset({"W1"})

    def __init__(self, env: gym.Env[Any, Any]) -> None:
        super().__init__(env)
        env.unwrapped.observation_space = spaces.Box(
            -np.inf, np.inf, env.observation_space.shape
        )


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


class HidesUnwrapped(BrokenWrapper):
    """It says that it is the innermost environment itself."""

    trips = frozenset({"W3"})

    @property
    def unwrapped(self) -> Any:
        """The wrong environment."""
        return self


class SkipsLayers(BrokenWrapper):
    """Its `env` is the innermost environment, past all wrappers between."""

    trips = frozenset({"W3"})

    def __init__(self, env: gym.Env[Any, Any]) -> None:
        super().__init__(env)
        self._inner, self.env = env, env.unwrapped

    def reset(self, **arguments: Any) -> Any:
        """Reset what it wraps."""
        return self._inner.reset(**arguments)

    def step(self, action: Any) -> Result:
        """Step what it wraps."""
        return self._inner.step(action)

    def render(self) -> Any:
        """Render what it wraps."""
        return self._inner.render()

    def close(self) -> None:
        """Close what it wraps."""
        self._inner.close()


class KeepsAttributes(BrokenWrapper):
    """Attributes that are set stay with it, and hide those inside."""

    trips = frozenset({"W3"})

    def set_wrapper_attr(self, name: str, value: Any, *, force: bool = True) -> bool:
        """Set an attribute of the wrong object."""
        setattr(self, name, value)
        return True


class HasEverything(BrokenWrapper):
    """Every attribute exists, and is None where nothing has it."""

    trips = frozenset({"W3"})

    def __getattr__(self, name: str) -> Any:
        """Find an attribute inside, or invent it."""
        if name.startswith("_") or name == "env":
            raise AttributeError(name)
        return getattr(self.env, name, None)


class HidesGenerator(BrokenWrapper):
    """Its own generator has the name of the environment's."""

    trips = frozenset({"W3"})

    @property
    def np_random(self) -> np.random.Generator:
        """A new generator."""
        return np.random.default_rng(0)

    @np_random.setter
    def np_random(self, value: np.random.Generator) -> None:
        self.env.np_random = value


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
    ScalesValuesOnly,
    ScalesSpaceOnly,
    WidensActionsOnly,
    RoundsAtTheBounds,
    ChangesInnerSpace,
    DropsSeed,
    DropsSeedZero,
    DropsOptions,
    TakesNoSeed,
    RepeatsSeed,
    HidesUnwrapped,
    SkipsLayers,
    KeepsAttributes,
    HasEverything,
    HidesGenerator,
    LeavesLastAlone,
    LeavesTruncatedAlone,
    LosesLast,
    SkipsTheEnd,
    DrawsUnseeded,
    DrawsGlobally,
    RemembersTime,
    SharesCount,
    ClipsInPlace,
    ReusesArray,
    KeepsAction,
    StaysOpen,
    ClosesOnce,
    LosesFrame,
    RendersNothing,
)
