"""The environments of a batch, one by one."""

from collections.abc import Iterable, Sequence
from typing import Any

import gymnasium as gym

from rltools.batching.failures import raise_failures
from rltools.batching.promising_group import gather
from rltools.errors import InvalidArgumentError, InvalidSpaceError
from rltools.hosting.report import Report
from rltools.process.promise import Promise
from rltools.process.promising_env import PromisingEnv
from rltools.space_checks import describe


def collect(envs: Iterable[gym.Env], into: list[gym.Env]) -> None:
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
                "wrappers.ExternalProcess or BatchEnv.launch."
            )
        into.append(env)


def check(envs: Sequence[gym.Env]) -> None:
    """Check that environments can form a batch.

    Raises:
        ValueError: There are none, or there is one of them twice.
        InvalidSpaceError: The spaces of two of them differ.
    """
    if not envs:
        raise ValueError("envs: expected at least one environment, got none.")
    if len({id(env) for env in envs}) != len(envs):
        raise ValueError("envs: expected distinct environments, got one twice.")
    for index, env in enumerate(envs):
        if isinstance(env, PromisingEnv):
            env.index = index  # So that its errors tell its place.
    for kind in ("observation_space", "action_space"):
        expected = getattr(envs[0], kind)
        for index, env in enumerate(envs):
            if (space := getattr(env, kind)) != expected:
                raise InvalidSpaceError(
                    f"envs[{index}].{kind}: expected {expected} as in envs[0], "
                    f"got {space}."
                )


def call(envs: Sequence[gym.Env], name: str, *args: Any, **kwargs: Any) -> tuple:
    """Call a method of every environment, or get an attribute that is no method."""

    def call_one(env: gym.Env) -> Any:
        if isinstance(env, PromisingEnv):
            return env.call(name, *args, **kwargs)
        value = env.get_wrapper_attr(name)
        return value(*args, **kwargs) if callable(value) else value

    report = Report()
    promises = {index: Promise.of(call_one, env) for index, env in enumerate(envs)}
    results = gather(promises, report)
    raise_failures(name, report.failures)
    return tuple(results.values())


def set_attr(envs: Sequence[gym.Env], name: str, values: Any) -> None:
    """Set an attribute: a list or tuple has a value for each environment."""
    if not isinstance(values, list | tuple):
        values = [values] * len(envs)
    if len(values) != len(envs):
        raise ValueError(f"values: expected {len(envs)}, got {len(values)}.")
    for env, value in zip(envs, values, strict=True):
        env.set_wrapper_attr(name, value)


def close(envs: Sequence[gym.Env]) -> None:
    """Close all environments together, also when closing one of them fails."""
    for env in envs:
        if isinstance(env, PromisingEnv):
            env.start_close()
    report = Report()
    gather({index: Promise.of(env.close) for index, env in enumerate(envs)}, report)
    raise_failures("close", report.failures)
