"""Check W5: a wrapper adds nothing that the seed and the actions don't decide."""

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
    for judge in (_judge_repetition, _judge_mishaps, _judge_scribbling):
        found = judge(trial)
        if not found:
            continue
        # Whose fault it is can't be told if it is there without the wrapper, too.
        own = judge(trial.bare)
        if own:
            yield Hint(f"The environment itself is at fault: {own[0]}.")
        else:
            yield from found


CHECKS = (adds_no_chance,)


def _judge_repetition(trial: WrapperTrial) -> list[str]:
    """Find what differs in two more instances, side by side, and in one once more."""
    expected = trial.drive
    with trial.fresh() as drive, trial.fresh() as other:
        for call in expected.rollout.calls:
            if not all(_repeat(call, each, trial) for each in (other, drive)):
                break
        found = _compare(expected, drive, trial) or _compare(expected, other, trial)
        if found:
            return [
                f"another instance, same seed and actions: {line}" for line in found
            ]
        if trial.options.remembers_episodes:
            return []
        drive.start().repeat(expected.rollout)
        return [
            f"the second time, same seed and actions: {line} (where it is meant to "
            "remember earlier episodes, say remembers_episodes=True)"
            for line in _compare(expected, drive, trial)
        ]


def _judge_mishaps(trial: WrapperTrial) -> list[str]:
    """Find side effects, the first of each kind."""
    drives = [trial.drive]
    if trial.options.at_bounds:
        drives.append(trial.drive_at_bounds)
    found: dict[str, str] = {}
    for drive in drives:
        for call in drive.rollout.calls:
            for kind, line in call.mishaps.items():
                found.setdefault(kind, f"{call.where}: {line}")
    if "shared memory" in found:
        found.pop("changed later", None)  # That is how it shows.
    return list(found.values())


def _judge_scribbling(trial: WrapperTrial) -> list[str]:
    """Find what comes out otherwise where the caller writes to what it had before."""
    expected = trial.drive
    with trial.fresh() as drive:
        scribbled = Rollout(_Scribbler(drive.env), seed=trial.seed)
        drive.rollout = scribbled.repeat(expected.rollout, at_most=_SCRIBBLED_CALLS)
        found = _compare(expected, drive, trial)
    return [f"once the caller wrote to what it had before: {line}" for line in found]


class _Scribbler(gym.Wrapper[Any, Any, Any, Any]):
    """Does what a caller may do: writes to observations and actions, after use."""

    _used: Any = ()

    def reset(self, **arguments: Any) -> Any:
        self._scribble()
        result = self.env.reset(**arguments)
        self._used = result[0]
        return result

    def step(self, action: Any) -> Any:
        self._scribble()
        result = self.env.step(action)
        self._used = (result[0], action)
        return result

    def _scribble(self) -> None:
        for leaf in nested.flatten(self._used):
            is_array = isinstance(leaf, np.ndarray) and leaf.dtype.kind in "fiub"
            if is_array and leaf.flags.writeable:
                leaf.fill(_SCRIBBLED)


def _repeat(call: Call, drive: Drive, trial: WrapperTrial) -> bool:
    """Repeat one call of another rollout; tells whether to go on."""
    rollout = drive.rollout
    if call.verb == "step":
        mine = rollout.step(copy.deepcopy(call.action))
    else:
        mine = rollout.reset(seed=None if rollout.calls else trial.seed)
    return mine.is_complete and mine.ended == call.ended


def _compare(expected: Drive, got: Drive, trial: WrapperTrial) -> list[str]:
    """Tell what came out differently, or went in, as far as the second one went."""
    left, right = copy.copy(expected.rollout), copy.copy(got.rollout)
    for rollout in (left, right):
        rollout.calls = [_strip(call, trial) for call in rollout.calls]
    found = list(compare(left, right))
    went_in = expected.log.of("reset", "step"), got.log.of("reset", "step")
    for old, new in zip(*went_in, strict=False):
        where = f"{expected.rollout.calls[old.outer].where}, the {old.verb} inside"
        lines = differences(old.arguments, new.arguments, "")
        if old.verb != new.verb:
            lines = [f": expected a {old.verb}, got a {new.verb}"]
        if lines:
            return [*(f"{where}: with {line}" for line in lines), *found]
    return found


def _strip(call: Call, trial: WrapperTrial) -> Call:
    """Leave out the infos that may vary."""
    if not call.is_complete or not isinstance(call.result[-1], dict):
        return call
    varying = trial.options.varying_infos
    info = {key: value for key, value in call.result[-1].items() if key not in varying}
    return replace(call, result=(*call.result[:-1], info))
