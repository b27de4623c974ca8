"""How a batch is spread over processes, and why."""

import math
from dataclasses import dataclass

# What a step of a batch costs beside its environments, measured on two cores: where a
# core is shared by several processes, and where each has its own.
_SECONDS_PER_STEP = 50e-6
_SECONDS_PER_STEP_UNSHARED = 15e-6
_SECONDS_PER_WORKER = 8e-6
# Less of a gain is not worth more processes, and might be none when it is busier.
_WORTHWHILE = 0.85
# Below this an environment is taken to wait for something else than a core.
_MOSTLY_WAITING = 0.5
# A share of a batch that takes longer is worth the change from one process to another,
# and leaves this one free.
_SHORT_SHARE = 1e-3


@dataclass(frozen=True)
class LaunchPlan:
    """How a batch is spread over processes.

    Attributes:
        workers: The number of worker processes; 0 for none.
        pin: Whether each worker keeps to one core.
        here: How many environments, the last ones, are in this process.
        reason: Why, in words.
        step_seconds: Measured time of one step of one environment; None if it was not
            measured.
    """

    workers: int
    pin: bool
    reason: str
    step_seconds: float | None = None
    here: int = 0

    def __str__(self) -> str:
        where = "in this process"
        if self.workers:
            plural = "" if self.workers == 1 else "s"
            pinned = ", each on its own core" if self.pin else ""
            where = f"in {self.workers} worker{plural}{pinned}"
            if self.here:
                where += f" and {self.here} of them in this process"
        return f"{where} ({self.reason})"


def decide(
    step_seconds: float, busy: float, num_envs: int, cores: int, *, may_be_here: bool
) -> LaunchPlan:
    """Decide how many workers to use.

    Args:
        step_seconds: Time of one step of one environment.
        busy: Part of that in which it uses a core.
        num_envs: The number of environments.
        cores: How many cores there are.
        may_be_here: Whether environments may be in this process.
    """
    took = f"a step takes {format_seconds(step_seconds)}"
    workers, here, at_once = min(cores, num_envs), 0, min(cores, num_envs)
    overhead = _SECONDS_PER_STEP
    if busy < _MOSTLY_WAITING:
        # While one waits, others can work.
        workers = at_once = min(num_envs, math.ceil(cores / max(busy, 1 / num_envs)))
        took += f", {1 - busy:.0%} of it waiting"
    elif may_be_here and workers > 1 and num_envs / cores * step_seconds < _SHORT_SHARE:
        # This process takes the place of a worker: none has to share its core.
        workers, here = workers - 1, num_envs // cores or 1
        overhead = _SECONDS_PER_STEP_UNSHARED
    alone = num_envs * step_seconds
    shared = math.ceil(num_envs / at_once) * step_seconds
    shared += overhead + workers * _SECONDS_PER_WORKER
    if may_be_here and shared > _WORTHWHILE * alone:
        reason = f"{took}: workers would cost more than they gain"
        return LaunchPlan(0, False, reason, step_seconds)
    reason = f"{took}, on {cores} core{'' if cores == 1 else 's'}"
    return LaunchPlan(workers, False, reason, step_seconds, here)


def format_seconds(seconds: float) -> str:
    """A time in words.

    >>> format_seconds(6.4e-6)
    '6.4 us'
    """
    for limit, factor, unit in ((1e-3, 1e6, "us"), (1.0, 1e3, "ms")):
        if seconds < limit:
            return f"{seconds * factor:.2g} {unit}"
    return f"{seconds:.2g} s"
