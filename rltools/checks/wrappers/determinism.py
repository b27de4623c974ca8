"""Check W5: a wrapper adds nothing that the seed and the actions don't decide."""

import contextlib
import copy
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import gymnasium as gym
import numpy as np

from rltools import nested
from rltools.checks.call import Call
from rltools.checks.check import Hint, check
from rltools.checks.difference import differences
from rltools.checks.rollout import Rollout, compare
from rltools.checks.wrappers.in_place import find_writing
from rltools.checks.wrappers.trial import Drive, WrapperTrial

_WRITTEN = 77  # What observations are overwritten with; a number of every dtype.
_CALLS_BESIDE = 30


@check("W5", "determinism is kept, and nothing is shared", needs=["W1", "W2"])
def adds_no_chance(trial: WrapperTrial) -> Iterator[str]:
    """Yield chance, memory and side effects that are the wrapper's own."""
    found = [*_judge_mishaps(trial), *_own(_judge_repetition, trial)]
    if all(isinstance(line, Hint) for line in found):
        # The others mean something only where all else is the same.
        found += [*_own(_judge_rendering, trial), *_own(_judge_writing, trial)]
        found += find_writing(trial)
    yield from found


CHECKS = (adds_no_chance,)


def _own(judge: Callable[[WrapperTrial], list[str]], trial: WrapperTrial) -> list[str]:
    """What is found, unless it is there without the wrapper, too."""
    found = judge(trial)
    if found and (bare := judge(trial.bare)):
        return [Hint(f"The environment itself is at fault: {bare[0]}.")]
    return found


def _judge_repetition(trial: WrapperTrial) -> list[str]:
    """Find what differs in two more instances, side by side, and in one once more."""
    expected = trial.drive
    with trial.fresh() as drive, trial.fresh() as other:
        for call in expected.rollout.calls:
            if not all(each.rollout.repeat_call(call) for each in (other, drive)):
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
    """Find side effects, each kind once, that are not there without the wrapper."""
    found = _find_mishaps(trial)
    own = _find_mishaps(trial.bare) if found else {}
    return [
        Hint(f"The environment itself is at fault: {own[kind]}.")
        if kind in own
        else line
        for kind, line in found.items()
    ]


def _find_mishaps(trial: WrapperTrial) -> dict[str, str]:
    drives = [trial.drive]
    if trial.options.at_bounds:
        drives.append(trial.drive_at_bounds)
    found: dict[str, str] = {}
    for drive in drives:
        for call in drive.rollout.calls:
            for kind, line in call.mishaps.items():
                found.setdefault(kind, f"{call.where}: {kind}: {line}")
    if "shared memory" in found:
        found.pop("changed later", None)  # That is how it shows.
    return found


def _judge_rendering(trial: WrapperTrial) -> list[str]:
    """Find what comes out otherwise where it is rendered in between."""
    found = _compare_beside(trial, _Rendering)
    return [f"where it is rendered between steps: {line}" for line in found]


def _judge_writing(trial: WrapperTrial) -> list[str]:
    """Find what comes out otherwise where the caller writes to what it had before."""
    found = _compare_beside(trial, _Writing)
    return [f"once the caller wrote to what it had before: {line}" for line in found]


def _compare_beside(
    trial: WrapperTrial, beside: Callable[[gym.Env[Any, Any]], gym.Env[Any, Any]]
) -> list[str]:
    expected = trial.drive
    with trial.fresh() as drive:
        options = trial.options.options
        rollout = Rollout(beside(drive.env), seed=trial.seed, options=options)
        drive.rollout = rollout.repeat(expected.rollout, at_most=_CALLS_BESIDE)
        return _compare(expected, drive, trial)


class _Rendering(gym.Wrapper[Any, Any, Any, Any]):
    """Renders after every call."""

    def reset(self, **arguments: Any) -> Any:
        result = self.env.reset(**arguments)
        self._render()
        return result

    def step(self, action: Any) -> Any:
        result = self.env.step(action)
        self._render()
        return result

    def _render(self) -> None:
        with contextlib.suppress(Exception):  # A check of its own judges `render`.
            self.env.render()


class _Writing(gym.Wrapper[Any, Any, Any, Any]):
    """Writes to observations and actions after use, as a caller may."""

    _used: Any = ()

    def reset(self, **arguments: Any) -> Any:
        self._write()
        result = self.env.reset(**arguments)
        self._used = result[0]
        return result

    def step(self, action: Any) -> Any:
        self._write()
        result = self.env.step(action)
        self._used = (result[0], action)
        return result

    def _write(self) -> None:
        for leaf in nested.flatten(self._used):
            is_array = isinstance(leaf, np.ndarray) and leaf.dtype.kind in "fiub"
            if is_array and leaf.flags.writeable:
                leaf.fill(_WRITTEN)


def _compare(expected: Drive, got: Drive, trial: WrapperTrial) -> list[str]:
    """Tell what came out differently, or went in, as far as the second one went."""
    left, right = copy.copy(expected.rollout), copy.copy(got.rollout)
    for rollout in (left, right):
        rollout.calls = [_strip(call, trial) for call in rollout.calls]
    found = list(compare(left, right))
    inside = expected.log.of("reset", "step"), got.log.of("reset", "step")
    for old, new in zip(*inside, strict=False):
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
