"""Decides whether each worker keeps to one core.

Where as many workers as cores are woken by one process, the kernel may well put them on
the core of that process, one after the other. Keeping each to its own core has made a
batch 1.6 times as fast, and in other cases slower: so it is tried.
"""

import os
import statistics
from collections.abc import Sequence
from dataclasses import replace

import gymnasium as gym

from rltools.launching.plan import LaunchPlan, format_seconds
from rltools.launching.trial import Trial, measure_step
from rltools.process.supervisor import Supervisor

_ROUNDS = 5
_SECONDS_PER_ROUND = 0.02
# Where a batch takes longer, its wake-ups don't matter.
_LONG_STEP = 5e-3
_CLEARLY_FASTER = 0.95
_CLEARLY_SLOWER = 1.05


def pin_each(supervisors: Sequence[Supervisor], cores: Sequence[int]) -> None:
    """Have each worker keep to one core, in turn."""
    for index, supervisor in enumerate(supervisors):
        supervisor.pin({cores[index % len(cores)]})


def choose_pinning(
    envs: Sequence[gym.Env],
    supervisors: Sequence[Supervisor],
    plan: LaunchPlan,
    pin: bool | str,
    cores: Sequence[int],
    *,
    may_be_here: bool,
) -> LaunchPlan:
    """Try the workers, pinned and not, and keep what is faster.

    Args:
        envs: All environments of the workers, which are stepped.
        supervisors: Of the workers.
        plan: What has been decided so far.
        pin: True, False, or `"auto"` to try both.
        cores: The cores to pin to.
        may_be_here: Whether environments may be in this process.

    Returns:
        The plan as it has become. It has no workers if they have turned out to be
        slower than a plain loop would be.
    """
    assert plan.step_seconds is not None
    alone = len(envs) * plan.step_seconds
    can_pin = hasattr(os, "sched_setaffinity")
    everywhere = set(cores)
    if plan.here:
        cores = cores[1:]  # One is for this process.
    if pin is True and can_pin:
        pin_each(supervisors, cores)
    if alone / len(supervisors) > _LONG_STEP:
        return replace(plan, pin=pin is True)
    trial = Trial(envs)
    free: list[float] = []
    pinned: list[float] = []
    for _ in range(_ROUNDS):
        if pin == "auto" and can_pin:
            pin_each(supervisors, cores)
            pinned.append(trial.seconds_per_step(_SECONDS_PER_ROUND))
            for supervisor in supervisors:
                supervisor.pin(everywhere)
        free.append(trial.seconds_per_step(_SECONDS_PER_ROUND))
    took = statistics.median(free)
    if pinned and statistics.median(pinned) < _CLEARLY_FASTER * took:
        took = statistics.median(pinned)
        pin_each(supervisors, cores)
        pin = True
    if may_be_here and took > _CLEARLY_SLOWER * alone:
        # The machine may have been slower than before: now both in turn.
        turns = []
        for _ in range(_ROUNDS):
            one = measure_step(supervisors[0], _SECONDS_PER_ROUND).seconds
            turns.append((trial.seconds_per_step(_SECONDS_PER_ROUND), len(envs) * one))
        took, alone = map(statistics.median, zip(*turns, strict=True))
    found = (
        f"{format_seconds(took)} for all against {format_seconds(alone)} in one loop"
    )
    if may_be_here and took > _CLEARLY_SLOWER * alone:
        reason = f"workers have been tried and took {found}"
        return replace(plan, workers=0, pin=False, reason=reason)
    return replace(plan, pin=pin is True, reason=f"{plan.reason}; {found}")
