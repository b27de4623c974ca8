"""Checks of what a batch returns: V1 and V2."""

import contextlib
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.vector import AutoresetMode
from gymnasium.vector.utils import batch_space, create_empty_array

from rltools.checks.batches.comparison import observ_differences, split
from rltools.checks.batches.guarded_batch import GuardedBatch
from rltools.checks.batches.infos import info_differences
from rltools.checks.batches.own_environments import play_within_episodes
from rltools.checks.batches.puppet import BOTH, EPISODE, GO, Echo, Informant
from rltools.checks.batches.single_envs import SingleEnvs
from rltools.checks.batches.spaces import default_spaces
from rltools.checks.batches.trial import BatchTrial, commands
from rltools.checks.check import Hint, check, tell_exception
from rltools.space_checks import describe

_FLAGS = np.dtype(np.bool_)


@check(
    "V1",
    "results equal those of the single environments, with infos and in every space",
    needs=["V2", "V6"],
)
def results_equal_single_ones(trial: BatchTrial) -> Iterator[str]:
    """Yield values of a batch that are not those of its environments.

    The caller's environments are played within episodes only, as V13 goes through their
    ends. Environments that echo their actions carry values of other spaces, and others
    carry infos of all kinds.
    """
    yield from play_within_episodes(trial)
    if not trial.takes_constructors:
        yield Hint("make_batch takes no constructors: other spaces were not tried.")
        return
    yield from _flags_and_options(trial)
    yield from _infos(trial)
    spaces = trial.options.spaces
    refused: dict[str, Exception] = {}
    for name, space in (default_spaces() if spaces is None else spaces).items():
        yield from _try_space(trial, name, space, refused)
    if refused:
        reasons = {type(error).__name__ for error in refused.values()}
        yield Hint(
            f"It refuses to be made with {', '.join(refused)} "
            f"({' or '.join(sorted(reasons))})."
        )


@check("V2", "shapes, dtypes and spaces are those of a batch")
def spaces_and_layouts_fit(trial: BatchTrial) -> Iterator[str]:
    """Yield attributes and results that have the wrong form."""
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
            yield from _array_problems(wanted, got, f"step: {name}")
        if not isinstance(result[4], Mapping):
            yield f"step: info: expected a dict, got {describe(result[4])}"


CHECKS = (results_equal_single_ones, spaces_and_layouts_fit)


def _flags_and_options(trial: BatchTrial) -> Iterator[str]:
    mode = trial.mode_if_known
    with trial.puppets() as batch:
        episodes = [int(row[EPISODE]) + 1 for row in batch.reset()[0]]
        words = [{"began": episode, "word": "hush"} for episode in episodes]
        infos = batch.reset(options={"word": "hush"})[1]
        yield from info_differences(words, infos, "reset(options=...): info")
        result = batch.step(commands(batch, BOTH))
        if mode is AutoresetMode.NEXT_STEP:  # The resets that are due.
            batch.step(commands(batch, GO))
        for name, flags in zip(("terminated", "truncated"), result[2:4], strict=True):
            if not np.all(flags):
                yield (
                    f"a step that terminates and truncates: {name}: expected all True, "
                    f"got {np.asarray(flags).tolist()}"
                )


def _infos(trial: BatchTrial) -> Iterator[str]:
    constructors = [
        partial(Informant, index, mixed=trial.options.mixed_infos)
        for index in range(trial.options.num_envs)
    ]
    with trial.fresh(constructors) as batch:
        singles = SingleEnvs(constructors, None)
        rows = singles.reset([None] * len(constructors))
        got = batch.reset()[1]
        yield from info_differences(rows.infos, got, "infos of all kinds: reset: info")
        for step in range(1, 9):
            rows = singles.step([0] * len(constructors))
            place = f"infos of all kinds: step {step}: info"
            try:
                got = batch.step(commands(batch, 0))[4]
            except Exception as error:
                infos = ", ".join(map(str, rows.infos))
                yield f"{place}: {infos}: raised {tell_exception(error)}"
                return
            yield from info_differences(rows.infos, got, place)


def _try_space(
    trial: BatchTrial, name: str, space: gym.Space[Any], refused: dict[str, Exception]
) -> Iterator[str]:
    """Differences in a space; if it is refused, in the spaces that it consists of."""
    try:
        batch = trial.make([partial(Echo, space)] * 2)
    except Exception as error:
        parts: Mapping[Any, gym.Space[Any]] = {}
        if isinstance(space, gym.spaces.Dict):
            parts = {f"{name}[{key!r}]": part for key, part in space.items()}
        elif isinstance(space, gym.spaces.Tuple):
            parts = {f"{name}[{key}]": part for key, part in enumerate(space)}
        if not parts:
            refused[name] = error
        for path, part in parts.items():
            yield from _try_space(trial, path, part, refused)
        return
    with contextlib.closing(batch):
        try:
            yield from _echo(batch, space, name, trial.options.seed)
        except Exception as error:
            yield f"{name}: raised {tell_exception(error)}"


def _echo(
    batch: GuardedBatch, space: gym.Space[Any], name: str, seed: int
) -> Iterator[str]:
    """Differences of the first call that has any: later ones follow from them."""
    singles = SingleEnvs([partial(Echo, space)] * 2, None)
    singles.reset([None, None])
    batch.reset()
    actions_space = batch_space(space, 2)
    actions_space.seed(seed)
    for step in range(1, 4):
        actions = actions_space.sample()
        rows = singles.step(split(actions_space, actions))
        got = batch.step(actions)
        place = f"{name}: step {step}"
        found = observ_differences(space, rows, got[0], f"{place}: observ")
        found += info_differences(rows.infos, got[4], f"{place}: info")
        if found:
            yield from found
            return


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
