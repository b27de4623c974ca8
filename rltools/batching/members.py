"""The environments of a batch, and how they are called: in parallel where they can."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import gymnasium as gym
import numpy as np

from rltools.batching.gather import gather, raise_failures
from rltools.errors import InvalidArgumentError, InvalidSpaceError
from rltools.process.promise import Promise
from rltools.process.promising_env import PromisingEnv
from rltools.space_checks import describe

Calls = dict[int, Callable[[], Promise]]


class Members:
    """The environments of a batch.

    Args:
        envs: Distinct environments of equal spaces, or an empty list to be filled.
        blocking: Whether to wait for each before the next one is called, also where
            they could work at the same time.
    """

    def __init__(self, envs: list[gym.Env], *, blocking: bool) -> None:
        self._envs = envs
        self._blocking = blocking

    def collect(self, envs: Iterable[gym.Env]) -> None:
        """Add environments one by one: making the next of them may fail.

        Raises:
            InvalidArgumentError: One of them is none.
        """
        if not isinstance(envs, Iterable):
            raise InvalidArgumentError(
                f"expected envs to be environments, got {describe(envs)}."
            )
        for index, env in enumerate(envs):
            if not isinstance(env, gym.Env):
                raise InvalidArgumentError(
                    f"expected envs[{index}] to be a gymnasium.Env, got "
                    f"{describe(env)}. A constructor must be called, or be given to "
                    "wrappers.ExternalProcess."
                )
            self._envs.append(env)

    def check(self) -> None:
        """Check that the environments can form a batch.

        Raises:
            ValueError: There are none, or there is one of them twice.
            InvalidSpaceError: The spaces of two of them differ.
        """
        if not self._envs:
            raise ValueError("envs: expected at least one environment, got none.")
        if len({id(env) for env in self._envs}) != len(self._envs):
            raise ValueError("envs: expected distinct environments, got one twice.")
        for index, env in enumerate(self._envs):
            if isinstance(env, PromisingEnv):
                env.index = index  # So that its errors tell its place.
        for kind in ("observation_space", "action_space"):
            expected = getattr(self._envs[0], kind)
            for index, env in enumerate(self._envs):
                if (space := getattr(env, kind)) != expected:
                    raise InvalidSpaceError(
                        f"envs[{index}].{kind}: expected {expected} as in envs[0], "
                        f"got {space}."
                    )

    def start(self, index: int, verb: str, *args: Any, **kwargs: Any) -> Promise:
        """Call `step` or `reset` of an environment; returns the promise of the result.

        An environment of this process has done its work by then.
        """
        env = self._envs[index]
        if isinstance(env, PromisingEnv) and not self._blocking:
            kwargs["blocking"] = False
        return Promise.of(getattr(env, verb), *args, **kwargs)

    def resets(
        self,
        indices: Iterable[int],
        seeds: Iterable[int | None],
        options: dict[str, Any] | None,
    ) -> Calls:
        """What starts the resets of some environments."""
        return {
            index: partial(self.start, index, "reset", seed=seed, options=options)
            for index, seed in zip(indices, seeds, strict=True)
        }

    def steps(self, actions: Iterable[Any], resets: np.ndarray) -> Calls:
        """What starts the steps of all environments, or resets where a mask says so."""
        return {
            index: partial(self.start, index, "reset")
            if resets[index]
            else partial(self.start, index, "step", action)
            for index, action in enumerate(actions)
        }

    def call(self, name: str, *args: Any, **kwargs: Any) -> tuple[Any, ...]:
        """Call a method of every environment, or get an attribute that is no method."""

        def call_one(env: gym.Env) -> Any:
            if isinstance(env, PromisingEnv):
                return env.call(name, *args, **kwargs)
            value = env.get_wrapper_attr(name)
            return value(*args, **kwargs) if callable(value) else value

        promises = {i: Promise.of(call_one, env) for i, env in enumerate(self._envs)}
        results, failures = gather(promises)
        raise_failures(name, failures)
        return tuple(results.values())

    def set_attr(self, name: str, values: Any) -> None:
        """Set an attribute: a list or tuple has a value for each environment."""
        if not isinstance(values, list | tuple):
            values = [values] * len(self._envs)
        if len(values) != len(self._envs):
            raise ValueError(f"values: expected {len(self._envs)}, got {len(values)}.")
        for env, value in zip(self._envs, values, strict=True):
            env.set_wrapper_attr(name, value)

    def close(self) -> None:
        """Close all environments together, also when closing one of them fails."""
        for env in self._envs:
            if isinstance(env, PromisingEnv):
                env.start_close()
        closings = {i: Promise.of(env.close) for i, env in enumerate(self._envs)}
        raise_failures("close", gather(closings)[1])
