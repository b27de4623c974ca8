"""Divides the environments of a batch into groups that are called together."""

from collections.abc import Sequence
from typing import Any

import gymnasium as gym

from rltools.batching.fleet_group import FleetGroup
from rltools.batching.group import Group
from rltools.batching.local_group import LocalGroup
from rltools.batching.promising_group import PromisingGroup
from rltools.batching.worker_group import WorkerGroup
from rltools.hosting.rows import is_fixed_size
from rltools.process.promising_env import PromisingEnv
from rltools.process.supervisor import Supervisor
from rltools.process.worker_env import worker_of


def group_envs(envs: Sequence[gym.Env], *, blocking: bool) -> list[Group]:
    """Make groups of neighbours, in the order of the environments.

    All environments of neighbouring workers make a group, or of one worker if their
    values have no fixed size. So do neighbours of this process, and neighbours that
    work somewhere else, unless each has to wait for the one before.

    Args:
        envs: The environments.
        blocking: Whether no two of them may work at the same time.
    """
    groups: list[Group] = []
    workers: list[WorkerGroup] = []
    first = 0
    neighbours: Any
    while first < len(envs):
        supervisor = worker_of(envs[first:])
        if supervisor is not None:
            end = first + supervisor.count
            neighbours = envs[first:end]
            workers.append(WorkerGroup(supervisor, neighbours, first))
            follower = worker_of(envs[end:]) if end < len(envs) else None
            if blocking or not _go_together(supervisor, follower):
                here = 0 if blocking else _count_if_last(envs, end)
                groups += _joined(workers, here)
                workers = []
        elif isinstance(envs[first], PromisingEnv):
            end = first + 1 if blocking else _end_of_run(envs, first)
            neighbours = envs[first:end]
            groups.append(PromisingGroup(neighbours, first))
        else:
            end = _end_of_run(envs, first)
            groups.append(_local_group(envs[first:end], first, groups))
        first = end
    return groups


def _go_together(supervisor: Supervisor, follower: Supervisor | None) -> bool:
    if follower is None or not (supervisor.shares_memory and follower.shares_memory):
        return False
    return supervisor.timeout == follower.timeout


def _joined(workers: Sequence[WorkerGroup], here: int) -> Sequence[Group]:
    if not workers[0].supervisor.shares_memory:
        return workers
    about = workers[0].supervisor.client.constructed()
    kinds = "observation_space", "action_space"
    if all(is_fixed_size(about[kind]) for kind in kinds):
        return [FleetGroup(workers, here)]
    return workers


def _local_group(
    envs: Sequence[gym.Env], first: int, before: Sequence[Group]
) -> LocalGroup:
    """Has its rows in the memory of the workers before it, if there is room for it."""
    if not before or not isinstance(before[-1], FleetGroup) or not before[-1].here:
        return LocalGroup(envs, first)
    fleet = before[-1].fleet
    group = LocalGroup(envs, first, fleet.columns_here)
    fleet.on_end = group.leave
    return group


def _count_if_last(envs: Sequence[gym.Env], first: int) -> int:
    """How many environments there are from here on, if all are of this process."""
    if first == len(envs) or isinstance(envs[first], PromisingEnv):
        return 0
    return len(envs) - first if _end_of_run(envs, first) == len(envs) else 0


def _end_of_run(envs: Sequence[gym.Env], first: int) -> int:
    """Where the neighbours end that are of the same sort as the first."""
    end = first + 1
    while (
        end < len(envs)
        and isinstance(envs[end], PromisingEnv) is isinstance(envs[first], PromisingEnv)
        and worker_of(envs[end:]) is None
    ):
        end += 1
    return end
