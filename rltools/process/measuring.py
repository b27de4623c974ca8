"""Measures how long an environment's step takes."""

import time
from typing import Any, NamedTuple

import gymnasium as gym

_FEWEST_STEPS = 3


class StepTime(NamedTuple):
    """How long steps took, in the middle.

    Attributes:
        seconds: Of one step.
        busy: Part of that in which this process used a core, from 0 to 1. It is small
            if the environment waits for a simulator or a device.
    """

    seconds: float
    busy: float


def measure(env: gym.Env, seconds: float) -> StepTime:
    """Step an environment with random actions; its episodes are reset as they end.

    Args:
        env: The environment. It is in the middle of an episode afterwards.
        seconds: About how long to go on.
    """
    actions = [env.action_space.sample() for _ in range(16)]
    env.reset()
    _time_step(env, actions[0])  # Much is made at the first one.
    times: list[float] = []
    cpu_times: list[float] = []
    end = time.perf_counter() + seconds
    while len(times) < _FEWEST_STEPS or time.perf_counter() < end:
        wall, cpu = _time_step(env, actions[len(times) % len(actions)])
        times.append(wall)
        cpu_times.append(cpu)
    total = sum(times)
    return StepTime(sorted(times)[len(times) // 2], min(1.0, sum(cpu_times) / total))


def _time_step(env: gym.Env, action: Any) -> tuple[float, float]:
    cpu, wall = time.process_time(), time.perf_counter()
    _, _, terminated, truncated, _ = env.step(action)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    if terminated or truncated:
        env.reset()
    return wall, cpu
