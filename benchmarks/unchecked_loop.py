"""The least that a batch in one process must do to return what a batch returns."""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gymnasium as gym
import numpy as np

from rltools.bench.contender import SEED, BatchContender, Opened, Task
from rltools.errors import InvalidArgumentError


class UncheckedBatch:
    """Steps environments in one loop, checks nothing and survives nothing.

    Observations must be arrays, flags Python's. As in Gymnasium's next-step autoreset,
    an environment whose episode has ended is reset in the place of its next step.

    Args:
        envs: The environments.
    """

    def __init__(self, envs: Sequence[gym.Env]) -> None:
        space = envs[0].observation_space
        if not isinstance(space, gym.spaces.Box) or not space.shape:
            raise InvalidArgumentError("stacks observations of a Box only")
        self._envs = envs
        self._shape = (len(envs), *space.shape)
        self._ended = np.zeros(len(envs), np.bool_)
        self._any_ended = False

    def reset(self, *, seed: int) -> None:
        """Begin an episode in each; environment `i` has the seed `seed + i`."""
        for each, env in enumerate(self._envs, start=seed):
            env.reset(seed=each)

    def step(self, actions: Any) -> tuple[Any, ...]:
        """Step all; returns Gymnasium's five values, the infos as they are, by row."""
        results: list[Any] = []
        append = results.append
        if self._any_ended:
            ended = self._ended.tolist()
            for env, action, is_reset in zip(self._envs, actions, ended, strict=True):
                if is_reset:
                    observ, info = env.reset()
                    append((observ, 0.0, False, False, info))
                else:
                    append(env.step(action))
        else:
            for env, action in zip(self._envs, actions, strict=True):
                append(env.step(action))
        observs, rewards, terminated, truncated, infos = zip(*results, strict=True)
        flags = bytes(terminated) + bytes(truncated)
        ends = np.frombuffer(flags, np.bool_).reshape(2, -1).copy()
        self._any_ended = b"\1" in flags
        if self._any_ended:
            self._ended = ends[0] | ends[1]
        return (
            np.concatenate(observs).reshape(self._shape),
            np.array(array("d", rewards)),
            *ends,
            dict(enumerate(infos)) if any(infos) else {},
        )

    def close(self) -> None:
        """Close all environments."""
        for env in self._envs:
            env.close()


@dataclass(frozen=True)
class UncheckedLoop(BatchContender):
    """What checks, errors that say which environment, and spaces of all kinds cost."""

    def open(self, task: Task) -> Opened:
        """See `BatchContender`."""
        batch = UncheckedBatch([task.constructor() for _ in range(task.num_envs)])
        batch.reset(seed=SEED)
        return Opened(batch.step, task.actions, batch.close, "checks nothing")
