"""Plays the caller's environments in a batch and one by one, and compares."""

import contextlib
import copy
from collections.abc import Iterator
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.vector import AutoresetMode

from rltools.checks.batches.comparison import (
    final_differences,
    observ_differences,
    outcome_differences,
    split,
)
from rltools.checks.batches.guarded_batch import GuardedBatch
from rltools.checks.batches.infos import info_differences, without_final
from rltools.checks.batches.single_envs import Rows, SingleEnvs
from rltools.checks.batches.trial import BatchTrial
from rltools.checks.check import SkipCheck, tell_exception

_STEPS_TO_AWAIT = 10


def play_within_episodes(trial: BatchTrial) -> Iterator[str]:
    """Differences up to the first step that has any.

    Of a step that ends an episode only rewards and flags are compared; then all
    environments are reset. So these differences have nothing to do with autoreset.
    """
    yield from _play(trial, None)


def play_through_ends(trial: BatchTrial) -> Iterator[str]:
    """Differences up to the first step that has any, autoreset included.

    Raises:
        SkipCheck: No episode ended.
    """
    yield from _play(trial, trial.mode)


def _play(trial: BatchTrial, mode: AutoresetMode | None) -> Iterator[str]:
    options, ended, known_mode = trial.options, False, trial.mode_if_known
    with trial.own() as batch, contextlib.ExitStack() as stack:
        env = batch.env
        singles = SingleEnvs([trial.make_env] * env.num_envs, mode)
        stack.callback(singles.close)
        space = copy.deepcopy(env.action_space)
        space.seed(options.seed)
        first = options.seed
        argument, seeds = trial.seeds(first)
        rows, name = singles.reset(seeds), f"reset(seed={argument})"
        try:
            got = batch.reset(seed=argument)
        except Exception as error:
            if trial.takes_constructors or not options.seed_lists:
                raise
            batch.spoiled = True
            yield (
                f"{name}: raised {tell_exception(error)}; if it takes no lists of "
                "seeds, say seed_lists=False"
            )
            return
        found = [*_compare_reset(batch.env, rows, got, name)]
        for step in range(1, options.steps + 1):
            if found:
                break
            actions = space.sample()
            rows = singles.step(split(env.action_space, actions))
            result = batch.step(actions)
            found = [*_compare_step(trial, env, rows, result, f"step {step}", mode)]
            if not any(rows.ended) or found:
                continue
            ended, first = True, first + 100 * env.num_envs
            argument, seeds = trial.seeds(first)
            if mode is AutoresetMode.DISABLED:
                mask = np.array(rows.ended)
                rows = singles.reset([None] * env.num_envs, mask=rows.ended)
                got = batch.reset(options={"reset_mask": mask})
                name = f"reset of {np.flatnonzero(mask).tolist()} after step {step}"
                found = [*_compare_reset(env, rows, got, name)]
            elif mode is None:
                if known_mode is AutoresetMode.NEXT_STEP:
                    _await_resets(batch, space)
                rows, got = singles.reset(seeds), batch.reset(seed=argument)
                name = f"reset(seed={argument}) after step {step}"
                found = [*_compare_reset(env, rows, got, name)]
        batch.spoiled |= bool(found)
    yield from found
    if mode is not None and not ended and not found:
        raise SkipCheck(f"no episode ended within {options.steps} steps")


def _await_resets(batch: GuardedBatch, space: gym.Space[Any]) -> None:
    """Step until no reset is due, so that a reset by hand finds none."""
    for _ in range(_STEPS_TO_AWAIT):
        _, _, terminated, truncated, _ = batch.step(space.sample())
        if not np.any(terminated | truncated):
            return


def _compare_reset(
    env: gym.vector.VectorEnv, rows: Rows, got: Any, path: str
) -> Iterator[str]:
    space = env.single_observation_space
    yield from observ_differences(space, rows, got[0], f"{path}: observ")
    yield from info_differences(rows.infos, got[1], f"{path}: info")


def _compare_step(
    trial: BatchTrial,
    env: gym.vector.VectorEnv,
    rows: Rows,
    got: Any,
    path: str,
    mode: AutoresetMode | None,
) -> Iterator[str]:
    space = env.single_observation_space
    if mode is not None or not any(rows.ended):
        yield from observ_differences(space, rows, got[0], f"{path}: observ")
        yield from info_differences(rows.infos, without_final(got[4]), f"{path}: info")
    yield from outcome_differences(rows, got, path, trial.options.reward_dtype)
    if mode is not None:
        yield from final_differences(space, rows, got[4], path)
