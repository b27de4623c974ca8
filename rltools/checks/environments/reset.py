"""Checks of how an environment begins its episodes: R1 to R8."""

from collections.abc import Iterator
from typing import Any

import gymnasium as gym

from rltools.checks.call import Call
from rltools.checks.check import SkipCheck, check, tell_exception
from rltools.checks.difference import differences
from rltools.checks.environments.trial import EnvTrial
from rltools.checks.rollout import compare
from rltools.space_checks import describe, explain_mismatch

_SOUND_SPACES = ("S1", "S2", "S3", "S4", "S6")  # Nothing can be played without.
_MID_EPISODE = 3  # Steps into an episode that is then given up.
_OTHER_SEEDS = 4  # To find an episode that is long enough.
_COMPARED_CALLS = 100  # Of the episode after it.


@check("R1", "reset returns an observation and a dict", needs=_SOUND_SPACES)
def reset_returns_pair(trial: EnvTrial) -> Iterator[str]:
    """Yield resets that raised or returned something else."""
    with trial.used() as env:
        first = trial.start(env, seeded=False).reset()
    hint = ""
    if first.error is not None and trial.options.reset_options is None:
        hint = "; if a reset needs options, say options={...}"
    for line in _judge_pair(first, "the first reset, without a seed"):
        yield f"{line}{hint}"
    for call in trial.rollout.resets:
        yield from _judge_pair(call, call.where)


@check("R2", "reset returns an observation of its space", needs=["R1"])
def reset_is_in_space(trial: EnvTrial) -> Iterator[str]:
    """Yield first observations that are not elements of the observation space."""
    for call in trial.rollout.resets:
        observ = call.result[0]
        if problem := explain_mismatch(trial.env.observation_space, observ, "observ"):
            yield f"{call.where}: {problem}"


@check("R3", "reset takes a seed and options", needs=["R1"])
def reset_takes_arguments(trial: EnvTrial) -> Iterator[str]:
    """Yield keyword arguments that reset does not take."""
    for arguments, call in trial.refused.items():
        if call.error is not None:
            yield f"reset({arguments}): raised {tell_exception(call.error)}"


@check("R4", "a seed gives the same first observations", needs=["R3", "R5"])
def seed_fixes_resets(trial: EnvTrial) -> Iterator[str]:
    """Yield differences between reset(seed), reset() and the same pair once more."""
    trial.require_reproducible()
    with trial.fresh() as env:
        pairs = []
        for _ in range(2):
            rollout = trial.start(env)
            pairs.append(rollout)
            rollout.reset(seed=trial.options.seed)
            rollout.reset()
    names = (f"reset(seed={trial.options.seed})", "the reset after it")
    for name, first, again in zip(names, pairs[0].calls, pairs[1].calls, strict=True):
        before, after = _parts(first), _parts(again)
        if before.keys() != after.keys():
            yield f"{name}: expected {list(before)}, got {list(after)} the second time"
            continue
        for part in before:
            for line in differences(before[part], after[part], part):
                yield f"{name} a second time: {line}"


@check("R5", "reset works twice in a row", needs=["R2"])
def reset_works_twice(trial: EnvTrial) -> Iterator[str]:
    """Yield what is wrong with a reset that follows another one at once."""
    with trial.used() as env:
        rollout = trial.start(env, seeded=False)
        rollout.reset()
        second = rollout.reset()
    yield from _judge_pair(second, "the second reset in a row")
    if second.is_complete:
        space, observ = trial.env.observation_space, second.result[0]
        if problem := explain_mismatch(space, observ, "observ"):
            yield f"the second reset in a row: {problem}"


@check("R6", "an ended episode does not end the next one", needs=["R4", "T10"])
def reset_clears_the_end(trial: EnvTrial) -> Iterator[str]:
    """Yield flags of a first step that differ from those of a new environment."""
    trial.require_reproducible()
    trial.require_agreement()
    with trial.fresh() as used:
        trial.play_episode(used, seed_offset=1)
        got = trial.start(used).repeat(trial.rollout, at_most=2)
    expected = trial.rollout.calls[:2]
    for name, index in (("terminated", 2), ("truncated", 3)):
        left, right = (
            calls[-1].result[index] if calls[-1].is_complete else None
            for calls in (expected, got.calls)
        )
        if left != right:
            yield (
                f"first step of the episode after the first one: expected "
                f"{name}={left} as in a new environment, got {right}"
            )


@check("R7", "a reset in the middle of an episode starts clean", needs=["R6"])
def reset_forgets_the_episode(trial: EnvTrial) -> Iterator[str]:
    """Yield how an episode after one that was given up differs from a new one."""
    trial.require_reproducible()
    trial.require_agreement()
    calls = sum(call.episode == 0 for call in trial.rollout.calls[:_COMPARED_CALLS])
    with trial.fresh() as used:
        steps = _give_up(trial, used)
        got = trial.start(used).repeat(trial.rollout, at_most=calls)
        found = list(compare(trial.rollout, got))
        if found and not trial.instances.are_many:
            trial.play_episode(used, seed_offset=1)
            got = trial.start(used).repeat(trial.rollout, at_most=calls)
            if any(compare(trial.rollout, got)):
                raise SkipCheck("after an episode's end it is no better, see D1")
    for line in found:
        yield f"after {steps} steps and a reset, {line}"


@check("R8", "there is no method seed beside reset(seed=...)", needs=["S1"])
def no_seed_method(trial: EnvTrial) -> Iterator[str]:
    """Yield a method `seed`, as environments of the older gym had it."""
    if callable(getattr(trial.env.unwrapped, "seed", None)):
        yield (
            f"{type(trial.env.unwrapped).__name__}.seed: expected seeds to be given to "
            "reset only, got a method that nothing calls any more"
        )


CHECKS = (
    reset_returns_pair,
    reset_is_in_space,
    reset_takes_arguments,
    seed_fixes_resets,
    reset_works_twice,
    reset_clears_the_end,
    reset_forgets_the_episode,
    no_seed_method,
)


def _judge_pair(call: Call, where: str) -> Iterator[str]:
    if call.error is not None:
        yield f"{where}: raised {tell_exception(call.error)}"
    elif not call.is_complete:
        yield (
            f"{where}: expected a tuple of observation and info, "
            f"got {describe(call.result)}"
        )
    elif not isinstance(call.result[1], dict):
        yield f"{where}: info: expected a dict, got {describe(call.result[1])}"


def _give_up(trial: EnvTrial, env: gym.Env[Any, Any]) -> int:
    """Leave an environment in the middle of an episode; returns the steps taken."""
    for steps in range(_MID_EPISODE, 0, -1):
        for offset in range(1, _OTHER_SEEDS + 1):
            rollout = trial.start(env, seed_offset=offset)
            rollout.play(steps=steps, episodes=0, at_most=steps)
            if not any(call.ended for call in rollout.calls):
                return steps
    raise SkipCheck("every episode is over after one step")


def _parts(call: Call) -> dict[str, Any]:
    if not call.is_complete:
        return {"raised": None if call.error is None else tell_exception(call.error)}
    return {"observ": call.result[0], "info": call.result[1]}
