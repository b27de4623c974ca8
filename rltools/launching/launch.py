"""Makes the environments of a batch: here, or in workers of several each."""

import logging
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Any

import gymnasium as gym

from rltools.launching.pinning import choose_pinning, pin_each
from rltools.launching.plan import LaunchPlan, decide
from rltools.launching.shares import shares
from rltools.launching.trial import measure_step
from rltools.process.cores import usable_cores
from rltools.process.supervisor import Supervisor
from rltools.process.worker_env import WorkerEnv

_log = logging.getLogger("rltools.launch")
_SECONDS_TO_MEASURE = 0.05
_SECONDS_TO_CLOSE = 2.0

Constructors = Sequence[Callable[[], gym.Env]]


def launch(
    constructors: Constructors,
    *,
    workers: int | str,
    pin: bool | str,
    **options: Any,
) -> tuple[list[gym.Env], LaunchPlan]:
    """Make environments and say where.

    Args:
        constructors: One for each environment.
        workers: The number of workers, 0 for none, or `"auto"`.
        pin: Whether each keeps to one core, or `"auto"`.
        **options: Of each worker; see `Supervisor`.

    Returns:
        The environments, in the order of their constructors, and the plan.
    """
    if workers == "auto":
        envs, plan = _launch_measured(constructors, pin, options)
    elif workers == 0:
        plan = LaunchPlan(0, False, "as asked for")
        envs = _make_here(constructors)
    else:
        assert isinstance(workers, int)
        plan = LaunchPlan(workers, pin is True, "as asked for")
        with ExitStack() as on_error:
            supervisors = []
            for index, share in enumerate(shares(constructors, workers)):
                supervisors.append(_start(share, index, options, on_error))
            envs = _envs_of(supervisors)
            if pin is True:
                pin_each(supervisors, usable_cores())
            on_error.pop_all()
    _log.info("%d environments %s.", len(constructors), plan)
    return envs, plan


def _launch_measured(
    constructors: Constructors, pin: bool | str, options: dict[str, Any]
) -> tuple[list[gym.Env], LaunchPlan]:
    cores = usable_cores()
    # Who asks for restarts or timeouts wants each environment where it can be ended.
    may_be_here = not options["restarts"] and options["timeout"] is None
    with ExitStack() as on_error:
        # One environment is enough to measure; the others are made when it is known
        # where, so that none is made in vain.
        first = _start(constructors[:1], 0, options, on_error)
        step = measure_step(first, _SECONDS_TO_MEASURE)
        plan = decide(
            step.seconds,
            step.busy,
            len(constructors),
            len(cores),
            may_be_here=may_be_here,
        )
        if plan.workers:
            there = len(constructors) - plan.here
            shared = shares(constructors[:there], plan.workers)
            supervisors = [first]
            for index, share in enumerate(shared[1:], start=1):
                supervisors.append(_start(share, index, options, on_error))
            first.extend(shared[0][1:])
            # Those of this process come last: others begin before them, and work.
            envs = [*_envs_of(supervisors), *_make_here(constructors[there:], on_error)]
            plan = choose_pinning(
                envs, supervisors, plan, pin, cores, may_be_here=may_be_here
            )
        if plan.workers:
            on_error.pop_all()
            return envs, plan
    return _make_here(constructors), plan


def _make_here(
    constructors: Constructors, stack: ExitStack | None = None
) -> list[gym.Env]:
    """Make environments here; `stack` closes them, or nothing if all are made."""
    envs: list[gym.Env] = []
    with ExitStack() as on_error:
        for constructor in constructors:
            envs.append(constructor())
            (stack or on_error).callback(envs[-1].close)
        on_error.pop_all()
    return envs


def _start(
    constructors: Constructors, index: int, options: dict[str, Any], stack: ExitStack
) -> Supervisor:
    supervisor = Supervisor(constructors, **options)
    supervisor.index = index
    stack.callback(_end, supervisor)
    return supervisor


def _end(supervisor: Supervisor) -> None:
    supervisor.start_close(time.monotonic() + _SECONDS_TO_CLOSE)
    supervisor.close()


def _envs_of(supervisors: Sequence[Supervisor]) -> list[gym.Env]:
    return [
        WorkerEnv(supervisor, slot)
        for supervisor in supervisors
        for slot in range(supervisor.count)
    ]
