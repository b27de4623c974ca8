"""Measures environments in workers: one of them, or all as a batch steps them."""

import time
from collections.abc import Sequence

import gymnasium as gym
import numpy as np
from gymnasium.vector.utils import batch_space

from rltools.batching.group import Call
from rltools.batching.grouping import group_envs
from rltools.process.measuring import StepTime
from rltools.process.protocol import Command
from rltools.process.supervisor import Supervisor

_FEWEST_STEPS = 3


def measure_step(supervisor: Supervisor, seconds: float) -> StepTime:
    """Have a worker step its first environment, for some time, and say how it went."""
    return StepTime(*supervisor.ask(Command.MEASURE, seconds))


class Trial:
    """Steps the groups of environments as a batch does."""

    def __init__(self, envs: Sequence[gym.Env]) -> None:
        self._groups = group_envs(envs, blocking=False)
        space = batch_space(envs[0].action_space, len(envs))
        self._actions = [space.sample() for _ in range(16)]
        for group in self._groups:
            rows = range(group.count)
            self._take([group.reset(rows, [None] * group.count, None)])
        self.seconds_per_step(0.0)  # Much is made at the first one.

    def seconds_per_step(self, seconds: float) -> float:
        """How long a step of all takes, on the average over some time."""
        steps = 0
        start = now = time.perf_counter()
        while steps < _FEWEST_STEPS or now - start < seconds:
            columns = [group.columns for group in self._groups]
            ended = np.concatenate([c.terminated | c.truncated for c in columns])
            actions = self._actions[steps % len(self._actions)]
            self._take([group.step(actions, ended, False) for group in self._groups])
            steps += 1
            now = time.perf_counter()
        return (now - start) / steps

    @staticmethod
    def _take(calls: Sequence[Call]) -> None:
        for call in calls:
            report = call.result()
            for error in (*report.failures.values(), *report.violations.values()):
                raise error
