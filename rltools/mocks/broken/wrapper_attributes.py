"""Broken wrappers: what is inside can not be reached."""

from typing import Any

import gymnasium as gym
import numpy as np

from rltools.mocks.broken.wrapper_base import BrokenWrapper, Result


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


class LooksAtTheBottom(BrokenWrapper):
    """Attributes are those of the innermost environment, past all wrappers between."""

    trips = frozenset({"W3"})

    def has_wrapper_attr(self, name: str) -> bool:
        """Ask the wrong object."""
        return hasattr(self.unwrapped, name)

    def get_wrapper_attr(self, name: str) -> Any:
        """Get it from the wrong object."""
        return getattr(self.unwrapped, name)

    def set_wrapper_attr(self, name: str, value: Any, *, force: bool = True) -> bool:
        """Set it in the wrong object."""
        return self.unwrapped.set_wrapper_attr(name, value, force=force)


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


WRAPPERS: tuple[type[BrokenWrapper], ...] = (
    HidesUnwrapped,
    SkipsLayers,
    KeepsAttributes,
    LooksAtTheBottom,
    HasEverything,
    HidesGenerator,
)
