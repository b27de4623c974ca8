"""Contenders that are Gymnasium vector environments: ours, and its own."""

from dataclasses import dataclass

import gymnasium as gym

from rltools.batch_env import BatchEnv
from rltools.bench.contender import SEED, BatchContender, Opened, Task


@dataclass(frozen=True)
class Launched(BatchContender):
    """`rltools.BatchEnv.launch`, with next-step autoreset as is Gymnasium's default.

    Attributes:
        workers: The argument of that name.
    """

    workers: int | str

    def open(self, task: Task) -> Opened:
        """See `BatchContender`."""
        batch = BatchEnv.launch(
            task.constructor,
            num_envs=task.num_envs,
            workers=self.workers,
            autoreset="next_step",
        )
        batch.reset(seed=SEED)
        plan = batch.plan
        assert plan is not None, "Every batch that was launched has one."
        workers = f"{plan.workers} workers" if plan.workers else "in process"
        note = workers + ", pinned" * plan.pin
        return Opened(batch.step, task.actions, batch.close, note)


@dataclass(frozen=True)
class GymnasiumSync(BatchContender):
    """`gymnasium.vector.SyncVectorEnv` with its default options."""

    def open(self, task: Task) -> Opened:
        """See `BatchContender`."""
        env = gym.vector.SyncVectorEnv([task.constructor] * task.num_envs)
        env.reset(seed=SEED)
        return Opened(env.step, task.actions, env.close)


@dataclass(frozen=True)
class GymnasiumAsync(BatchContender):
    """`gymnasium.vector.AsyncVectorEnv` with its default options: shared memory."""

    def open(self, task: Task) -> Opened:
        """See `BatchContender`."""
        env = gym.vector.AsyncVectorEnv([task.constructor] * task.num_envs)
        env.reset(seed=SEED)
        return Opened(env.step, task.actions, env.close, f"{task.num_envs} workers")
