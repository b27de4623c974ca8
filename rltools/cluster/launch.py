"""Makes the environments of a batch in actors of several each."""

import logging
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import gymnasium as gym

from rltools.cluster.actor_env import ActorEnv
from rltools.cluster.session import check_ray_options, count_places
from rltools.cluster.supervisor import ActorSupervisor
from rltools.launching.plan import LaunchPlan
from rltools.launching.shares import shares

_log = logging.getLogger("rltools.launch")
_SECONDS_TO_CLOSE = 2.0


@dataclass(frozen=True)
class ClusterPlan(LaunchPlan):
    """How a batch is spread over a cluster; its workers are actors."""

    def __str__(self) -> str:
        plural = "" if self.workers == 1 else "s"
        return f"in {self.workers} actor{plural} of Ray ({self.reason})"


def launch_actors(
    constructors: Sequence[Callable[[], gym.Env]],
    *,
    workers: int | str,
    timeout: float | None,
    restarts: int,
    options: dict[str, Any],
) -> tuple[list[gym.Env], ClusterPlan]:
    """Make environments in actors of a Ray cluster.

    Args:
        constructors: One for each environment.
        workers: The number of actors; `"auto"` for as many as the cluster has room for.
        timeout: Of each actor; see `ActorSupervisor`.
        restarts: Of each actor.
        options: Of each actor, which Ray takes.

    Returns:
        The environments, in the order of their constructors, and the plan.
    """
    options = check_ray_options(options)
    reason = "as asked for"
    if workers == "auto":
        places = count_places(options)
        reason = f"the cluster has room for {places}"
        workers = max(1, min(places, len(constructors)))
    assert isinstance(workers, int)
    supervisors = []
    with ExitStack() as on_error:
        for index, share in enumerate(shares(constructors, workers)):
            supervisor = ActorSupervisor(
                share, timeout=timeout, restarts=restarts, options=options
            )
            supervisor.index = index
            supervisors.append(supervisor)
            on_error.callback(_end, supervisor)
        on_error.pop_all()
    envs: list[gym.Env] = [
        ActorEnv(supervisor, slot)
        for supervisor in supervisors
        for slot in range(supervisor.count)
    ]
    plan = ClusterPlan(workers, False, reason)
    _log.info("%d environments %s.", len(constructors), plan)
    return envs, plan


def _end(supervisor: ActorSupervisor) -> None:
    supervisor.start_close(time.monotonic() + _SECONDS_TO_CLOSE)
    supervisor.close()
