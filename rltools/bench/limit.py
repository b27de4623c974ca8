"""What the machine could do at best: processes that don't talk to anyone."""

import multiprocessing
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing.synchronize import Barrier
from threading import BrokenBarrierError

from rltools.bench.contender import SEED, Contender, Task
from rltools.bench.machine import count_cores
from rltools.bench.measurement import Measurement, warm_up_and_step
from rltools.bench.plain_loop import EnvLoop, split_actions

_barrier: Barrier


@dataclass(frozen=True)
class Limit(Contender):
    """One process for each core, each on its own, with its share of environments.

    They start together, step for the same time, and their rates are added up. Nobody
    gives them actions, nobody gets their observations.
    """

    def measure(self, task: Task) -> Measurement:
        """See `Contender`."""
        count = min(count_cores(), task.num_envs)
        context = multiprocessing.get_context("spawn")
        started = time.perf_counter()
        with ProcessPoolExecutor(
            count, context, initializer=_take, initargs=(context.Barrier(count),)
        ) as executor:
            shares = [
                executor.submit(_step_share, task, i, count) for i in range(count)
            ]
            errors = [error for share in shares if (error := share.exception())]
            # A share that fails breaks the barrier for the others: not their fault.
            errors.sort(key=lambda error: isinstance(error, BrokenBarrierError))
            if errors:
                raise errors[0]
            results = [share.result() for share in shares]
        steps = sum(steps for steps, _, _ in results)
        rate = sum(steps / seconds for steps, seconds, _ in results)
        ready = max(ready for _, _, ready in results)
        # The clock is the system's: it is the same in all processes.
        return Measurement(steps, steps / rate, ready - started, f"{count} processes")


def _take(barrier: Barrier) -> None:
    global _barrier
    _barrier = barrier


def _step_share(task: Task, index: int, count: int) -> tuple[int, float, float]:
    """The tuple `(steps, seconds, time when ready)` of one process."""
    try:
        if sys.platform == "linux":
            os.sched_setaffinity(0, {sorted(os.sched_getaffinity(0))[index]})
        first, end = (task.num_envs * i // count for i in (index, index + 1))
        envs = [task.constructor() for _ in range(first, end)]
        rows = split_actions(task, envs[0].action_space)
        loop = EnvLoop(envs, first_seed=SEED + first)
        ready = time.perf_counter()
        _barrier.wait()
        calls, seconds = warm_up_and_step(
            task.seconds, loop.step, [row[first:end] for row in rows]
        )
        loop.close()
    except BaseException:
        _barrier.abort()
        raise
    return calls * (end - first), seconds, ready
