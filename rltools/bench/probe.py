"""A first look at an environment: does it work, and how long does a step take?"""

import statistics
import textwrap
import time
from dataclasses import dataclass
from typing import Any

import gymnasium as gym
from gymnasium.vector.utils import batch_space

from rltools.bench.contender import SEED
from rltools.bench.target import make_env
from rltools.errors import InvalidArgumentError

_BATCHES = 64
_SECONDS_TO_STEP = 0.1
_MAX_STEPS = 1000


@dataclass(frozen=True)
class Probe:
    """What a first look has found.

    Attributes:
        actions: Elements of the batched action space, drawn with a fixed seed: all
            contenders are stepped with the same.
        observation_space: The observation space in words, shortened.
        action_space: The action space in words, shortened.
        step_seconds: Median time of a step in a plain loop.
    """

    actions: list[Any]
    observation_space: str
    action_space: str
    step_seconds: float


def probe(target: str, num_envs: int) -> Probe:
    """Make an environment and step it for a moment.

    Args:
        target: Names the environment, as `rltools.bench.target` takes it.
        num_envs: How many environments the actions are for.

    Returns:
        What was found.

    Raises:
        InvalidArgumentError: It can't be made or stepped; the message says why.
    """
    env = make_env(target)
    try:
        seconds = _time_step(env)
        env.close()
    except Exception as error:
        raise InvalidArgumentError(
            f"{target} can't be stepped: {type(error).__name__}: {error}"
        ) from error
    batched = batch_space(env.action_space, num_envs)
    batched.seed(SEED)
    actions = [batched.sample() for _ in range(_BATCHES)]
    return Probe(
        actions, _shorten(env.observation_space), _shorten(env.action_space), seconds
    )


def _shorten(space: gym.Space) -> str:
    return textwrap.shorten(str(space), 72, placeholder=" ...")


def _time_step(env: gym.Env) -> float:
    env.action_space.seed(SEED)
    env.reset(seed=SEED)
    times: list[float] = []
    deadline = time.perf_counter() + _SECONDS_TO_STEP
    while len(times) < _MAX_STEPS:
        action = env.action_space.sample()
        started = time.perf_counter()
        _, _, terminated, truncated, _ = env.step(action)
        ended = time.perf_counter()
        times.append(ended - started)
        if ended >= deadline:
            break
        if terminated or truncated:
            env.reset()
    return statistics.median(times)
