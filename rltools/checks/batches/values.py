"""Check V1: a batch returns what its environments do."""

import contextlib
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.vector import AutoresetMode
from gymnasium.vector.utils import batch_space

from rltools.checks.batches.comparison import (
    observ_differences,
    outcome_differences,
    split,
)
from rltools.checks.batches.guarded_batch import GuardedBatch
from rltools.checks.batches.infos import info_differences
from rltools.checks.batches.inputs import NOT_COMPARED, has_own_seeds
from rltools.checks.batches.own_environments import play_within_episodes
from rltools.checks.batches.puppet import (
    BOTH,
    EPISODE,
    GO,
    TERMINATE,
    TRUNCATE,
    Echo,
    Informant,
)
from rltools.checks.batches.single_envs import SingleEnvs
from rltools.checks.batches.spaces import default_spaces
from rltools.checks.batches.trial import BatchTrial, commands
from rltools.checks.check import Hint, SkipCheck, check, tell_exception
from rltools.errors import RequestTimeoutError


@check(
    "V1",
    "results equal those of the single environments, with infos and in every space",
    needs=["V2"],
)
def results_equal_single_ones(trial: BatchTrial) -> Iterator[str]:
    """Yield values of a batch that are not those of its environments.

    The caller's environments are played within episodes only, as V13 goes through their
    ends. Environments that echo their actions carry values of other spaces, and others
    carry infos of all kinds.
    """
    found = _play_own(trial)
    if found and has_own_seeds(trial):
        found = [Hint(NOT_COMPARED)]
    yield from found
    if not trial.takes_constructors:
        yield Hint("make_batch takes no constructors: other spaces were not tried.")
        return
    yield from _outcomes(trial)
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


CHECKS = (results_equal_single_ones,)


def _play_own(trial: BatchTrial) -> list[str]:
    try:
        return list(play_within_episodes(trial))
    except (SkipCheck, RequestTimeoutError):
        raise
    except Exception as error:
        return [f"raised {tell_exception(error)}"]


def _outcomes(trial: BatchTrial) -> Iterator[str]:
    """Differences in the rewards and flags of puppets, which need no seeds."""
    with trial.puppets() as batch:
        batch.spoiled = True  # Some episodes have ended.
        singles = SingleEnvs(trial.puppet_constructors(), None)
        singles.reset([None] * trial.options.num_envs)
        batch.reset()
        each = [(TERMINATE, GO, TRUNCATE)[i % 3] for i in range(batch.env.num_envs)]
        actions = commands(batch, *each)
        rows, got = singles.step(list(actions)), batch.step(actions)
        place = f"puppets that are told {each}"
        yield from outcome_differences(rows, got, place, trial.options.reward_dtype)


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
