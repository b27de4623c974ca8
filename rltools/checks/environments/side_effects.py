"""Checks of what an environment's steps touch that is not theirs: T8 to T10."""

import itertools
from collections.abc import Iterator
from functools import partial
from typing import Any, Literal

from rltools.checks.call import compare_calls
from rltools.checks.check import check
from rltools.checks.environments.confirmation import confirm
from rltools.checks.environments.trial import EnvTrial
from rltools.checks.rollout import Rollout, compare

_SPOILED_CALLS = 40


@check("T8", "what is returned shares no memory with what comes after", needs=["T1"])
def results_are_apart(trial: EnvTrial) -> Iterator[str]:
    """Yield observations and infos that a later step writes to, or could."""
    for call in trial.rollout.calls:
        for kind in ("changed later", "shared memory"):
            if kind in call.mishaps:
                yield f"{call.where}: {call.mishaps[kind]}"
                break
    if not any("shared memory" in call.mishaps for call in trial.rollout.calls):
        for line in _compare_spoiled(trial, "results"):
            yield f"after the caller has written to what was returned, {line}"


@check("T9", "step leaves the action as it is", needs=["T1"])
def action_is_kept(trial: EnvTrial) -> Iterator[str]:
    """Yield actions that were changed in place, or are used after their step."""
    yield from _tell_mishaps(trial.rollout, "action changed")
    for line in _compare_spoiled(trial, "action"):
        yield f"after the caller has written to the actions it had passed, {line}"


@check("T10", "random numbers come from the environment's own generator", needs=["T1"])
def generators_are_kept(trial: EnvTrial) -> Iterator[str]:
    """Yield the use of the global generators, and of the action space's."""
    yield from _tell_mishaps(trial.rollout, "global generator", "space generator")


CHECKS = (results_are_apart, action_is_kept, generators_are_kept)


def _compare_spoiled(
    trial: EnvTrial, spoil: Literal["results", "action"]
) -> Iterator[str]:
    """Tell what changes if the caller writes to what is the caller's."""
    if not trial.is_reproducible:
        return
    expected = trial.rollout.calls[:_SPOILED_CALLS]
    if any(compare_calls(expected, trial.second_run.calls)):
        return  # It does not repeat itself as it is: see D1 and D2.

    def play_again(**how: Any) -> list[str]:
        with trial.fresh() as env:
            again = trial.start(env, **how)
            again.repeat(trial.rollout, at_most=_SPOILED_CALLS)
        return list(itertools.islice(compare(trial.rollout, again), 1))

    yield from confirm(trial, partial(play_again, spoil=spoil), play_again)


def _tell_mishaps(rollout: Rollout, *kinds: str) -> Iterator[str]:
    for call in rollout.calls:
        for kind in kinds:
            if kind in call.mishaps:
                yield f"{call.where}: {call.mishaps[kind]}"
