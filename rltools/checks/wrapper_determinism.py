"""Check W5: a wrapper adds nothing that the seed and the actions don't decide."""

import contextlib
import copy
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import gymnasium as gym
import numpy as np

from rltools import nested
from rltools.checks.check import Hint, check
from rltools.checks.difference import differences
from rltools.checks.rollout import Call, Rollout, compare
from rltools.checks.wrapper_trial import Drive, WrapperTrial

_SCRIBBLED = 77  # What observations are overwritten with; a number of every dtype.
_SCRIBBLED_CALLS = 30


@check("W5", "determinism is kept, and nothing is shared", needs=["W1", "W2"])
def adds_no_chance(trial: WrapperTrial) -> Iterator[str]:
    """Yield chance, memory and side effects that are the wrapper's own."""
    yield from _judge_repetition(trial)
    yield from _judge_mishaps(trial)
    yield from _judge_scribbling(trial)


CHECKS = (adds_no_chance,)


def _judge_repetition(trial: WrapperTrial) -> Iterator[str]:
    bare = trial.bare
    with trial.fresh() as drive:
        expected = trial.play(drive.rollout)
        passed = _passed_on(drive)
        if any(compare(bare, Rollout(bare.env, seed=trial.seed).repeat(bare))):
            yield Hint("The environment itself does not repeat its episodes.")
            return
        with trial.fresh() as other:
            again = other.rollout.repeat(expected)
            found = list(_compare(expected, again, trial))
            found += differences(passed, _passed_on(other), "passed on inside")
        yield from (f"another instance, same seed and actions: {x}" for x in found)
        if found or trial.options.remembers_episodes:
            return
        again = drive.start().repeat(expected)
        found = list(_compare(expected, again, trial))
        found += differences(passed, _passed_on(drive), "passed on inside")
    for line in found:
        yield (
            f"the second time, same seed and actions: {line}; if it is meant to "
            "remember earlier episodes, say remembers_episodes=True"
        )


def _judge_mishaps(trial: WrapperTrial) -> Iterator[str]:
    """Yield side effects, the first of each kind, that the environment has not."""
    told = {kind for call in trial.bare.calls for kind in call.mishaps}
    drives = [trial.drive]
    if trial.options.at_bounds:
        drives.append(trial.drive_at_bounds)
    for drive in drives:
        for call in drive.rollout.calls:
            for kind, line in call.mishaps.items():
                if kind not in told:
                    told.add(kind)
                    yield f"{call.where}: {line}"


def _judge_scribbling(trial: WrapperTrial) -> Iterator[str]:
    """Yield what comes out otherwise where earlier observations are written to."""
    with trial.fresh() as drive:
        found = list(_scribble(drive.env, trial.drive.rollout, trial))
    if not found:
        return
    with contextlib.closing(trial.make()) as env:
        if any(_scribble(env, trial.bare, trial)):  # It can't be told whose it is.
            return
    yield from (f"with what was returned before written over: {line}" for line in found)


def _scribble(
    env: gym.Env[Any, Any], expected: Rollout, trial: WrapperTrial
) -> Iterator[str]:
    scribbled = Rollout(_Scribbler(env), seed=trial.seed)
    scribbled.repeat(expected, at_most=_SCRIBBLED_CALLS)
    return _compare(expected, scribbled, trial)


class _Scribbler(gym.Wrapper[Any, Any, Any, Any]):
    """Does with observations what a caller may do: writes to them, after use."""

    _last: Any = None

    def reset(self, **arguments: Any) -> Any:
        self._scribble()
        result = self.env.reset(**arguments)
        self._last = result[0]
        return result

    def step(self, action: Any) -> Any:
        self._scribble()
        result = self.env.step(action)
        self._last = result[0]
        return result

    def _scribble(self) -> None:
        for leaf in nested.flatten(self._last):
            is_array = isinstance(leaf, np.ndarray) and leaf.dtype.kind in "fiub"
            if is_array and leaf.flags.writeable:
                leaf.fill(_SCRIBBLED)


def _passed_on(drive: Drive) -> list[Any]:
    return [
        (call.verb, call.arguments)
        for call in drive.log.calls
        if call.verb in ("reset", "step")
    ]


def _compare(expected: Rollout, got: Rollout, trial: WrapperTrial) -> Iterator[str]:
    left, right = copy.copy(expected), copy.copy(got)
    for rollout in (left, right):
        rollout.calls = [_strip(call, trial) for call in rollout.calls]
    return compare(left, right)


def _strip(call: Call, trial: WrapperTrial) -> Call:
    """Leave out the infos that may vary."""
    if not call.is_complete or not isinstance(call.result[-1], dict):
        return call
    varying = trial.options.varying_infos
    info = {key: value for key, value in call.result[-1].items() if key not in varying}
    return replace(call, result=(*call.result[:-1], info))
