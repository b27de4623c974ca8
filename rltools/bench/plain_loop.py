"""The contender without any library: one loop over environments in this process."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import gymnasium as gym
from gymnasium.vector.utils import batch_space, iterate

from rltools.bench.contender import SEED, BatchContender, Opened, Task


class EnvLoop:
    """Steps environments one after another and keeps nothing of what they return.

    As in Gymnasium's next-step autoreset, an environment whose episode has ended is
    reset in the place of its next step.

    Args:
        envs: The environments.
        first_seed: Seed of the first one; the others have those that follow.
    """

    def __init__(self, envs: Sequence[gym.Env], *, first_seed: int) -> None:
        self._envs = envs
        self._ended = [False] * len(envs)
        for seed, env in enumerate(envs, start=first_seed):
            env.reset(seed=seed)

    def step(self, actions: Iterable[Any]) -> None:
        """Step all environments; takes one action for each."""
        ended = self._ended
        for index, (env, action) in enumerate(zip(self._envs, actions, strict=True)):
            if ended[index]:
                env.reset()
                ended[index] = False
            else:
                _, _, terminated, truncated, _ = env.step(action)
                ended[index] = terminated or truncated

    def close(self) -> None:
        """Close all environments."""
        for env in self._envs:
            env.close()


def split_actions(task: Task, action_space: gym.Space) -> list[list[Any]]:
    """The task's actions, each split into the actions of single environments."""
    batched = batch_space(action_space, task.num_envs)
    return [list(iterate(batched, actions)) for actions in task.actions]


@dataclass(frozen=True)
class PlainLoop(BatchContender):
    """One loop in one process. It has its actions one by one: nothing to split."""

    def open(self, task: Task) -> Opened:
        """See `BatchContender`."""
        envs = [task.constructor() for _ in range(task.num_envs)]
        loop = EnvLoop(envs, first_seed=SEED)
        actions = split_actions(task, envs[0].action_space)
        return Opened(loop.step, actions, loop.close)
