"""Checks of what an environment's steps return and when: T1 to T7."""

import copy
import math
import numbers
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np

from rltools.checks.call import Call
from rltools.checks.check import check, tell_exception
from rltools.checks.environments.trial import EnvTrial
from rltools.space_checks import describe, explain_mismatch


@check("T1", "step returns five values", needs=["R1"])
def step_returns_five(trial: EnvTrial) -> Iterator[str]:
    """Yield steps that raised or returned something else."""
    for call in trial.rollout.steps:
        if call.error is not None:
            yield f"{call.where}: raised {tell_exception(call.error)}"
        elif not call.is_complete:
            hint = ""
            if isinstance(call.result, tuple) and len(call.result) == 4:
                hint = (
                    "; four are those of the older gym: done is terminated or "
                    "truncated, and rltools.wrappers.FromGym converts them"
                )
            found = describe(call.result)
            if isinstance(call.result, tuple):
                found = f"a tuple of {len(call.result)}"
            yield (
                f"{call.where}: expected a tuple of observation, reward, terminated, "
                f"truncated and info, got {found}{hint}"
            )


@check("T2", "every step returns an observation of its space", needs=["T1", "R2"])
def step_is_in_space(trial: EnvTrial) -> Iterator[str]:
    """Yield observations that are not elements of the observation space."""
    for call in trial.rollout.steps:
        observ = call.result[0]
        if problem := explain_mismatch(trial.env.observation_space, observ, "observ"):
            yield f"{call.where}: {problem}"


@check("T3", "rewards are finite real numbers", needs=["T1"])
def rewards_are_finite(trial: EnvTrial) -> Iterator[str]:
    """Yield rewards of another type, NaN and infinite ones."""
    for call in trial.rollout.steps:
        if problem := _judge_reward(call.result[1]):
            yield f"{call.where}: {problem}"


@check("T4", "terminated and truncated are bools", needs=["T1"])
def flags_are_bools(trial: EnvTrial) -> Iterator[str]:
    """Yield flags of another type than bool and numpy.bool_."""
    for call in trial.rollout.steps:
        for problem in _judge_flags(call):
            yield f"{call.where}: {problem}"


@check("T5", "info is a dict with the same keys and types at every step", needs=["T1"])
def infos_are_stable(trial: EnvTrial) -> Iterator[str]:
    """Yield infos of another type, and keys or types that come and go."""
    first: Call | None = None
    types: dict[str, tuple[type, str]] = {}
    for call in trial.rollout.steps:
        info = call.result[4]
        if not isinstance(info, dict):
            yield f"{call.where}: info: expected a dict, got {describe(info)}"
            continue
        for key, value in info.items():
            if not isinstance(key, str):
                yield f"{call.where}: info: expected str as keys, got {describe(key)}"
                continue
            known, where = types.setdefault(key, (type(value), call.where))
            if type(value) is not known and not trial.options.info_keys_vary:
                yield (
                    f"{call.where}: info[{key!r}]: expected {known.__name__} as in "
                    f"{where}, got {describe(value)}; info_keys_vary=True allows it"
                )
        if call.ended or trial.options.info_keys_vary:
            continue  # What is only told at the end is no change of keys.
        if first is None:
            first = call
        elif missing := set(first.result[4]) ^ set(info):
            yield (
                f"{call.where}: info: expected the keys of {first.where}, "
                f"{list(first.result[4])}, got {list(info)} (differing in {missing}); "
                "info_keys_vary=True allows it"
            )


@check("T6", "a step before the first reset raises", needs=["T1"])
def step_needs_reset(trial: EnvTrial) -> Iterator[str]:
    """Yield a step without a reset that is carried out."""
    trial.require_another()
    with trial.fresh() as env:
        try:
            result = env.step(_draw_action(trial))
        except Exception:
            return
    yield (
        f"step before the first reset: expected an exception, got {describe(result)} "
        "(gymnasium.wrappers.OrderEnforcing raises one)"
    )


@check("T7", "a step after the end raises or stays valid", needs=["T2", "T3", "T4"])
def step_after_the_end(trial: EnvTrial) -> Iterator[str]:
    """Yield a step after an episode's end that returns what no step may return."""
    raises = trial.options.raises_after_end
    with trial.used() as env, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Many warn of just that.
        rollout = trial.play_episode(env)
        call = rollout.step(_draw_action(trial))
    if call.error is not None:
        if raises is False:
            told = tell_exception(call.error)
            yield f"step after the end: expected no exception, got {told}"
        return
    if raises:
        yield f"step after the end: expected an exception, got {describe(call.result)}"
    elif not call.is_complete:
        yield f"step after the end: expected five values, got {describe(call.result)}"
    else:
        space = trial.env.observation_space
        problems = [
            explain_mismatch(space, call.result[0], "observ"),
            _judge_reward(call.result[1]),
            *_judge_flags(call),
        ]
        yield from (f"step after the end: {problem}" for problem in problems if problem)


CHECKS = (
    step_returns_five,
    step_is_in_space,
    rewards_are_finite,
    flags_are_bools,
    infos_are_stable,
    step_needs_reset,
    step_after_the_end,
)


def _judge_reward(reward: Any) -> str | None:
    is_number = isinstance(reward, numbers.Real) and not isinstance(reward, bool)
    if is_number and math.isfinite(reward):
        return None
    return f"reward: expected a finite real number, got {describe(reward)}"


def _judge_flags(call: Call) -> Iterator[str]:
    for name, flag in zip(("terminated", "truncated"), call.result[2:4], strict=True):
        if not isinstance(flag, bool | np.bool_):
            yield f"{name}: expected a bool, got {describe(flag)}"


def _draw_action(trial: EnvTrial) -> Any:
    space = copy.deepcopy(trial.env.action_space)
    space.seed(trial.options.seed)
    return space.sample()
