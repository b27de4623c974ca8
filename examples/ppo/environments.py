"""Environments of a run, as the policy sees them."""

import functools
from collections.abc import Callable
from typing import Any

import gymnasium as gym

import rltools
from examples.ppo.configs import Config
from rltools import wrappers


def make_env(config: Config, render_mode: str | None = None) -> gym.Env:
    """Build one environment of a run, the same for training and for showing.

    A normal distribution has no bounds, so continuous actions are clipped; where
    `normalize_ranges` is set, -1 and 1 stand for the bounds of the environment.

    Args:
        config: The options of the run.
        render_mode: How the environment is to render, as in Gymnasium.
    """
    # The batch checks what environments return, and more strictly.
    # Not every environment takes a render mode.
    options: dict[str, Any] = (
        {} if render_mode is None else {"render_mode": render_mode}
    )
    env: gym.Env = gym.make(config.env, disable_env_checker=True, **options)
    env = wrappers.LimitDuration(env, config.max_length)
    if isinstance(env.action_space, gym.spaces.Box):
        if config.normalize_ranges:
            env = wrappers.RangeNormalize(env, observ=False)
        env = wrappers.ClipAction(env)
    return env


def define_batch_env(
    constructor: Callable[[], gym.Env], num_agents: int, env_processes: bool
) -> rltools.BatchEnv:
    """Build a batch of environments.

    Args:
        constructor: Builds one environment.
        num_agents: Number of environments.
        env_processes: Whether each environment gets a process of its own. Worth it
            where a step of the environment takes longer than reaching a process.

    Returns:
        The batch, to be closed by the caller.
    """
    if env_processes:
        constructor = functools.partial(wrappers.ExternalProcess, constructor)
    return rltools.BatchEnv([constructor() for _ in range(num_agents)])
