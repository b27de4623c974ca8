"""Check V2: what a batch has and returns has the form of a batch."""

from collections.abc import Iterator, Mapping
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.vector import AutoresetMode
from gymnasium.vector.utils import batch_space, create_empty_array

from rltools.checks.batches.trial import BatchTrial
from rltools.checks.check import Hint, check
from rltools.space_checks import describe

_FLAGS = np.dtype(np.bool_)


@check("V2", "shapes, dtypes and spaces are those of a batch")
def spaces_and_layouts_fit(trial: BatchTrial) -> Iterator[str]:
    """Yield attributes and results that have the wrong form."""
    found = list(_layout_of_batch(trial))
    yield from found
    if found:
        with trial.own() as guarded:
            wrappers = list(_wrappers(guarded.env))
        if wrappers:
            yield Hint(
                f"It is wrapped by {', '.join(wrappers)}: what is meant to change "
                "spaces, rewards or infos is to be taken off for the checks."
            )


CHECKS = (spaces_and_layouts_fit,)


def _wrappers(env: gym.vector.VectorEnv) -> Iterator[str]:
    """The names of all vector wrappers around a batch."""
    while isinstance(env, gym.vector.VectorWrapper):
        yield type(env).__name__
        env = env.env


def _layout_of_batch(trial: BatchTrial) -> Iterator[str]:
    env = trial.make_env()
    try:
        spaces = env.observation_space, env.action_space
    finally:
        env.close()
    with trial.own() as guarded:
        batch, count = guarded.env, trial.num_envs
        if trial.takes_constructors and batch.num_envs != count:
            yield f"num_envs: expected {count}, got {batch.num_envs!r}"
            return
        for kind, space in zip(("observation", "action"), spaces, strict=True):
            for name, expected in (
                (f"single_{kind}_space", space),
                (f"{kind}_space", batch_space(space, count)),
            ):
                got = getattr(batch, name, None)
                if got != expected:
                    yield f"{name}: expected {expected}, got {got}"
        mode = batch.metadata.get("autoreset_mode")
        if trial.options.autoreset is None and not isinstance(mode, AutoresetMode):
            yield (
                "metadata['autoreset_mode']: expected an AutoresetMode, got "
                f"{describe(mode)}"
            )
        empty = create_empty_array(spaces[0], count, fn=np.zeros)
        result = guarded.reset(seed=trial.options.seed)
        if not isinstance(result, tuple) or len(result) != 2:
            yield f"reset: expected a tuple (observ, info), got {describe(result)}"
            return
        yield from _layout_problems(spaces[0], empty, result[0], "reset: observ")
        if not isinstance(result[1], Mapping):
            yield f"reset: info: expected a dict, got {describe(result[1])}"
        actions = batch_space(spaces[1], count)
        actions.seed(trial.options.seed)
        result = guarded.step(actions.sample())
        if not isinstance(result, tuple) or len(result) != 5:
            yield f"step: expected a tuple of five, got {describe(result)}"
            return
        yield from _layout_problems(spaces[0], empty, result[0], "step: observ")
        rewards, flags = (
            np.zeros(count, trial.options.reward_dtype),
            np.zeros(count, _FLAGS),
        )
        names = "reward", "terminated", "truncated"
        for name, wanted, got in zip(
            names, (rewards, flags, flags), result[1:4], strict=True
        ):
            for line in _array_problems(wanted, got, f"step: {name}"):
                is_only_dtype = name == "reward" and np.shape(got) == wanted.shape
                hint = "; reward_dtype=... allows another one" if is_only_dtype else ""
                yield f"{line}{hint}"
        if not isinstance(result[4], Mapping):
            yield f"step: info: expected a dict, got {describe(result[4])}"


def _layout_problems(
    space: gym.Space[Any], expected: Any, got: Any, path: str
) -> Iterator[str]:
    if isinstance(space, gym.spaces.Dict):
        if not isinstance(got, Mapping) or list(expected) != list(got):
            keys = list(got) if isinstance(got, Mapping) else describe(got)
            yield f"{path}: expected keys {list(expected)}, got {keys}"
            return
        for key, part in space.items():
            yield from _layout_problems(
                part, expected[key], got[key], f"{path}[{key!r}]"
            )
    elif isinstance(space, gym.spaces.Tuple):
        if not isinstance(got, tuple) or len(expected) != len(got):
            size = len(got) if isinstance(got, tuple) else describe(got)
            yield f"{path}: expected a tuple of {len(expected)} items, got {size}"
            return
        for index, part in enumerate(space):
            yield from _layout_problems(
                part, expected[index], got[index], f"{path}[{index}]"
            )
    elif isinstance(expected, np.ndarray):
        yield from _array_problems(expected, got, path)
    elif not isinstance(got, tuple) or len(expected) != len(got):
        # Of elements of many sizes there is one for each environment.
        yield f"{path}: expected a tuple of {len(expected)} items, got {describe(got)}"


def _array_problems(expected: np.ndarray, got: Any, path: str) -> Iterator[str]:
    if (
        not isinstance(got, np.ndarray)
        or expected.shape != got.shape
        or expected.dtype != got.dtype
    ):
        yield f"{path}: expected {describe(expected)}, got {describe(got)}"
