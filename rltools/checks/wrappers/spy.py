"""An environment in between that notes what a wrapper asks of the one it wraps."""

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import gymnasium as gym
import numpy as np

from rltools.checks.difference import differences

_STAND_IN = np.zeros((4, 4, 3), np.uint8)


@dataclass
class SpiedCall:
    """One call of the inner environment.

    Attributes:
        verb: The method that was called.
        outer: Number of the outer call that it is part of, counting from 0.
        arguments: Copies of what the wrapper passed on, by name.
        result: Copy of what it was given, or None if it was not to be.
        written: Where its observation was changed before the next call, or nothing.
    """

    verb: Literal["reset", "step", "render", "close"]
    outer: int
    arguments: dict[str, Any]
    result: Any = None
    written: str = ""


@dataclass
class SpyLog:
    """What spies write down, apart from them: no name of theirs may hide the env's.

    Attributes:
        calls: All calls in their order.
        spaces: The environment's spaces as they were at first, by the attribute's name.
        outer: Function without arguments that returns the number of the outer call
            under way.
    """

    calls: list[SpiedCall] = field(default_factory=list)
    spaces: dict[str, gym.Space[Any]] = field(default_factory=dict)
    outer: Callable[[], int] = lambda: 0

    def of(self, *verbs: str) -> list[SpiedCall]:
        """All calls of some methods."""
        return [call for call in self.calls if call.verb in verbs]


class Spy(gym.Wrapper[Any, Any, Any, Any]):
    """Passes all calls on to an environment, and notes them.

    To the wrapper around it, it is as good as the environment: it has its attributes,
    its spec and its name.

    Args:
        env: The environment.
        log: Where to note the calls.
        flags: By the number of a step, counting from 0 over all episodes, what it tells
            as terminated and truncated in place of what the environment said.
        observe: Function of the number of a step (-1 for a reset) and its observation
            that returns what to tell in place of it.
        keep_options: Whether to keep the options of resets from the environment.
    """

    def __init__(
        self,
        env: gym.Env[Any, Any],
        log: SpyLog,
        *,
        flags: Mapping[int, tuple[bool, bool]] | None = None,
        observe: Callable[[int, Any], Any] | None = None,
        keep_options: bool = False,
    ) -> None:
        super().__init__(env)
        self._log = log
        self._flags = flags or {}
        self._observe = observe
        self._keep_options = keep_options
        self._steps = 0
        self._last: tuple[SpiedCall, Any] | None = None
        for name in ("observation_space", "action_space"):
            log.spaces[name] = copy.deepcopy(getattr(env, name))

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Reset the environment, and note with what."""
        call = self._note("reset", seed=seed, options=options)
        passed = {} if self._keep_options else {"options": options}
        observ, info = self.env.reset(seed=seed, **passed)
        if self._observe is not None:
            observ = self._observe(-1, observ)
        call.result = copy.deepcopy((observ, info))
        self._last = call, observ
        return observ, info

    def step(self, action: Any) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        """Step the environment, and note with what."""
        call = self._note("step", action=action)
        number = self._steps
        self._steps += 1
        observ, reward, terminated, truncated, info = self.env.step(action)
        if self._observe is not None:
            observ = self._observe(number, observ)
        terminated, truncated = self._flags.get(number, (terminated, truncated))
        call.result = copy.deepcopy((observ, reward, terminated, truncated, info))
        self._last = call, observ
        return observ, reward, terminated, truncated, info

    def render(self) -> Any:
        """Render the environment; one that was made without a mode gets a stand-in."""
        call = self._note("render")
        frame = _STAND_IN if self.env.render_mode is None else self.env.render()
        call.result = copy.deepcopy(frame)
        return frame

    def close(self) -> None:
        """Close the environment."""
        self._note("close")
        self.env.close()

    @property
    def spec(self) -> Any:  # type: ignore[override]
        """The environment's, without a trace of the spy."""
        return self.env.spec

    def set_wrapper_attr(self, name: str, value: Any, *, force: bool = True) -> bool:
        """Set an attribute of the spy if it has been given it, else of the env."""
        if name in vars(self):
            setattr(self, name, value)
            return True
        return self.env.set_wrapper_attr(name, value, force=force)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name == "env":
            raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")
        return getattr(self.env, name)

    def __str__(self) -> str:
        return str(self.env)

    def _note(
        self, verb: Literal["reset", "step", "render", "close"], **arguments: Any
    ) -> SpiedCall:
        if self._last is not None:
            last, observ = self._last
            last.written = next(iter(differences(last.result[0], observ, "observ")), "")
            self._last = None
        call = SpiedCall(verb, self._log.outer(), copy.deepcopy(arguments))
        self._log.calls.append(call)
        return call
