"""Checks of what follows the end of an episode: V3, V8 and V13."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from gymnasium.vector import AutoresetMode

from rltools.checks.batches.comparison import final_differences
from rltools.checks.batches.guarded_batch import GuardedBatch
from rltools.checks.batches.inputs import seeds_arrive
from rltools.checks.batches.own_environments import (
    play_through_ends,
    play_within_episodes,
)
from rltools.checks.batches.puppet import EPISODE, GO, STEP, TERMINATE, TOTAL, TRUNCATE
from rltools.checks.batches.single_envs import Rows, SingleEnvs
from rltools.checks.batches.trial import BatchTrial, commands
from rltools.checks.check import Hint, SkipCheck, check, fails

_MIXED_LENGTHS = 2, 3, 5
_MIXED_STEPS = 20


@check("V3", "what follows the end of an episode is what the autoreset mode says")
def autoreset_is_exact(trial: BatchTrial) -> Iterator[str]:
    """Yield steps around the ends of episodes that are not what they should be.

    All episodes end at the same time here: V13 mixes their lengths.
    """
    yield from _play_table(trial)
    if trial.mode is AutoresetMode.DISABLED:
        with trial.puppets() as batch:
            batch.reset()
            batch.step(commands(batch, TERMINATE))
            yield from batch.must_raise(
                "a step after the end", lambda: batch.step(commands(batch, GO))
            )


@check("V8", "the last observation of an episode is there exactly at its end")
def last_observation_is_there(trial: BatchTrial) -> Iterator[str]:
    """Yield ends of episodes without their last observation or info, or too many."""
    mode = trial.mode
    with trial.puppets() as batch:
        count, space = batch.env.num_envs, batch.env.single_observation_space
        batch.spoiled = True
        for ending in ([0], [count - 1], list(range(count)), []):
            singles = SingleEnvs(trial.puppet_constructors(), mode)
            _copy_counts(singles, batch.reset()[0])
            for name, chosen in (("step 1", []), ("step 2", ending)):
                actions = np.where(np.isin(np.arange(count), chosen), TRUNCATE, GO)
                rows, got = singles.step(list(actions)), batch.step(actions)
                place = f"{name}, the end of environments {chosen}"
                yield from final_differences(space, rows, got[4], place)
                if mode is not AutoresetMode.SAME_STEP:
                    yield from _row_differences(rows, got[0], place, only=chosen)
            if mode is AutoresetMode.NEXT_STEP:
                batch.step(commands(batch, GO))  # The resets that are due.
        batch.spoiled = False


@check("V13", "episodes of different lengths end and begin on their own")
def lengths_mix(trial: BatchTrial) -> Iterator[str]:
    """Yield the first step that differs where episodes have different lengths.

    Puppets are played without seeds. What the caller's environments do depends on them,
    so that V6 comes first there.
    """
    if trial.takes_constructors:
        if [*_play_table(trial)]:
            raise SkipCheck("means nothing while the tables of V3 are wrong")
        if [*last_observation_is_there.find_violations(trial)]:
            raise SkipCheck("means nothing while V8 fails")
        with trial.puppets() as batch:
            batch.spoiled = True
            found = [*_mix_lengths(_Play(trial, batch))]
            batch.spoiled = bool(found)
        yield from found
    if [*play_within_episodes(trial)]:
        yield Hint("The caller's environments differ within episodes already, see V1.")
        return
    try:
        found = list(play_through_ends(trial))
        if found and fails(seeds_arrive, trial):
            found = [
                Hint("The caller's environments were not compared while V6 fails.")
            ]
        yield from found
    except SkipCheck as reason:
        if not trial.takes_constructors:
            raise
        yield Hint(f"Of the caller's environments {reason}.")


CHECKS = (autoreset_is_exact, last_observation_is_there, lengths_mix)


def _play_table(trial: BatchTrial) -> Iterator[str]:
    """Differences of a play in which all episodes end at the same time."""
    with trial.puppets() as batch:
        play = _Play(trial, batch)
        batch.spoiled = True
        for calls in _table(play):
            if found := list(calls):
                yield from found  # What comes later may follow from it.
                return
        batch.spoiled = False


def _table(play: "_Play") -> Iterator[Iterator[str]]:
    yield play.reset()
    # In the mode next-step the second end must have no effect: it is a reset.
    for command in (GO, TERMINATE, TERMINATE, GO, GO, TRUNCATE, GO, GO):
        yield play.step(command)
        if play.mode is AutoresetMode.DISABLED and play.ended:
            yield play.reset(mask=[True] * play.count)
    if play.mode is AutoresetMode.NEXT_STEP:
        yield play.step(TERMINATE)
        yield play.reset()  # No other one is due any more.
        yield play.step(GO)
    if play.mode is AutoresetMode.DISABLED:
        first = [index == 0 for index in range(play.count)]
        yield play.step(GO)
        yield play.reset(first)
        yield play.reset([not chosen for chosen in first])
        yield play.step(GO)


class _Play:
    """Plays puppets in the batch and one by one."""

    def __init__(self, trial: BatchTrial, batch: GuardedBatch) -> None:
        self.mode = trial.mode
        self.ended = False
        self._batch = batch
        self.count = batch.env.num_envs
        self._singles = SingleEnvs(trial.puppet_constructors(), self.mode)
        self._steps = 0
        _copy_counts(self._singles, batch.reset()[0])

    def reset(self, mask: Sequence[bool] | None = None) -> Iterator[str]:
        """Reset all, or those of a mask, and yield differences."""
        options = None if mask is None else {"reset_mask": np.array(mask)}
        chosen = list(range(self.count)) if mask is None else np.flatnonzero(mask)
        rows = self._singles.reset([None] * self.count, mask=mask)
        observ, infos = self._batch.reset(options=options)
        place = f"after step {self._steps}, reset of {list(map(int, chosen))}"
        yield from _row_differences(rows, observ, place)
        yield from _began_differences(rows, infos, place)

    def step(self, *values: int) -> Iterator[str]:
        """Step all with one command, or each with its own, and yield differences."""
        self._steps += 1
        actions = commands(self._batch, *values)
        rows = self._singles.step(list(actions))
        observ, rewards, terminated, truncated, infos = self._batch.step(actions)
        place = f"step {self._steps}"
        self.ended = any(rows.ended)
        if not self.ended or self.mode is AutoresetMode.SAME_STEP:
            yield from _row_differences(rows, observ, place)
        yield from _began_differences(rows, infos, place)
        if [float(reward) for reward in np.ravel(rewards)] != rows.rewards:
            yield f"{place}: reward: expected {rows.rewards}, got {rewards}"
        done = np.ravel(np.logical_or(terminated, truncated)).tolist()
        if done != rows.ended:
            yield f"{place}: ended: expected {rows.ended}, got {done}"


def _mix_lengths(play: _Play) -> Iterator[str]:
    count = play.count
    lengths = [_MIXED_LENGTHS[i % len(_MIXED_LENGTHS)] for i in range(count)]
    ages = [0] * count  # Steps of each episode; -1 where a reset is due.
    for _ in range(_MIXED_STEPS):
        ages = [age + 1 for age in ages]
        ends = [age == length for age, length in zip(ages, lengths, strict=True)]
        found = [*play.step(*(TERMINATE if end else GO for end in ends))]
        if play.mode is AutoresetMode.DISABLED and any(ends) and not found:
            found = [*play.reset(mask=ends)]
        if found:
            yield from found
            return
        begun = -1 if play.mode is AutoresetMode.NEXT_STEP else 0
        ages = [begun if end else age for age, end in zip(ages, ends, strict=True)]


def _copy_counts(singles: SingleEnvs, observ: Any) -> None:
    """Let puppets in this process have as much behind them as those of the batch."""
    singles.reset([None] * len(observ))
    for env, row in zip(singles.envs, observ, strict=True):
        puppet: Any = env.unwrapped
        puppet.resume(episode=int(row[EPISODE]), total=int(row[TOTAL]))


def _row_differences(
    rows: Rows, observ: Any, place: str, only: Sequence[int] | None = None
) -> Iterator[str]:
    for index, row in enumerate(rows.observs):
        if only is not None and index not in only:
            continue
        expected = [int(row[field]) for field in (EPISODE, STEP, TOTAL)]
        got = [int(observ[index][field]) for field in (EPISODE, STEP, TOTAL)]
        if got != expected:
            yield (
                f"{place}: observ[{index}]: expected {_tell(expected)}, "
                f"got {_tell(got)}"
            )


def _began_differences(rows: Rows, infos: Any, place: str) -> Iterator[str]:
    """Differences between environments that tell of a reset in their infos."""
    expected = ["began" in info for info in rows.infos]
    got = np.asarray(infos.get("_began", np.zeros(len(expected), bool))).tolist()
    if got != expected:
        yield f"{place}: info of resets: expected those of {expected}, got {got}"


def _tell(counts: Sequence[int]) -> str:
    episode, step, total = counts
    return f"step {step} of episode {episode} ({total} steps in all)"
