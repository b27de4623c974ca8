"""Divides the environments of a batch into groups that are called together."""

from collections.abc import Sequence
from typing import Any

import gymnasium as gym

from rltools.batching.group import Group
from rltools.batching.local_group import LocalGroup
from rltools.batching.promising_group import PromisingGroup
from rltools.batching.worker_group import WorkerGroup
from rltools.process.promising_env import PromisingEnv
from rltools.process.worker_env import worker_of


def group_envs(envs: Sequence[gym.Env], *, blocking: bool) -> list[Group]:
    """Make groups of neighbours, in the order of the environments.

    All environments of a worker make a group. So do neighbours of this process, and
    neighbours that work somewhere else, unless each has to wait for the one before.

    Args:
        envs: The environments.
        blocking: Whether no two of them may work at the same time.
    """
    groups: list[Group] = []
    first = 0
    neighbours: Any
    while first < len(envs):
        supervisor = worker_of(envs[first:])
        if supervisor is not None:
            end = first + supervisor.count
            neighbours = envs[first:end]
            groups.append(WorkerGroup(supervisor, neighbours, first))
        elif isinstance(envs[first], PromisingEnv):
            end = first + 1 if blocking else _end_of_run(envs, first)
            neighbours = envs[first:end]
            groups.append(PromisingGroup(neighbours, first))
        else:
            end = _end_of_run(envs, first)
            groups.append(LocalGroup(envs[first:end], first))
        first = end
    return groups


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
