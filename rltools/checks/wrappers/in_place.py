"""Finds wrappers that write into what the environment inside has returned."""

import copy
from collections.abc import Iterator
from typing import Any

import gymnasium as gym

from rltools.checks.check import Hint
from rltools.checks.difference import differences
from rltools.checks.wrappers.spy import SpiedCall
from rltools.checks.wrappers.trial import WrapperTrial


def find_writing(trial: WrapperTrial) -> Iterator[str]:
    """Tell of observations that the wrapper changed in place.

    It is a violation where the environment goes on from the array that it returned, and
    is moved by it: the same calls without the wrapper then come out differently.
    """
    calls = [call for call in trial.drive.log.of("reset", "step") if call.result]
    written = next((call for call in calls if call.written), None)
    if written is None:
        return
    where = trial.drive.rollout.calls[written.outer].where
    told = f"{where}: it writes into the observation that the {written.verb} inside"
    with trial.bare.fresh() as one, trial.bare.fresh() as other:
        moved = _compare(calls, one.inner.env)
        if moved and moved == _compare(calls, other.inner.env):
            yield f"{told} returned, and moves the environment: without it, {moved}"
            return
    yield Hint(
        f"{told} returned; an environment that goes on from this array would be moved "
        "by it."
    )


def _compare(calls: list[SpiedCall], env: gym.Env[Any, Any]) -> str:
    """The first difference of these calls in an environment without the wrapper."""
    for number, call in enumerate(calls):
        result = getattr(env, call.verb)(**copy.deepcopy(call.arguments))
        if found := differences(call.result[0], result[0], "observ"):
            return f"call {number + 1} gives {found[0]}"
    return ""
