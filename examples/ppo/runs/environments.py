"""Environments of a run, as the policy sees them."""

import inspect
from collections.abc import Callable
from typing import Any

import gymnasium as gym

import rltools
from examples.ppo.config import Config
from examples.ppo.runs.unbounded_actions import UnboundedActions
from rltools import wrappers
from rltools.bench.machine import count_cores
from rltools.bench.target import is_gymnasium_name, load_constructor


def make_env(config: Config, render_mode: str | None = None) -> gym.Env:
    """Build one environment of a run, the same for training and for showing.

    A normal distribution has no bounds, so continuous actions are clipped; where
    `normalize_ranges` is set, -1 and 1 stand for the bounds of the environment.

    Args:
        config: The options of the run.
        render_mode: How the environment is to render, as in Gymnasium.
    """
    # Not every environment takes a render mode.
    options: dict[str, Any] = (
        {} if render_mode is None else {"render_mode": render_mode}
    )
    if is_gymnasium_name(config.env):
        # The batch checks what environments return, and more strictly.
        env: gym.Env = gym.make(config.env, disable_env_checker=True, **options)
    else:
        constructor = load_constructor(config.env)
        if "render_mode" not in inspect.signature(constructor).parameters:
            options = {}
        env = constructor(**options)
    # Nobody reads the infos, which are a message to be packed in every step.
    env = wrappers.SelectInfo(wrappers.LimitDuration(env, config.max_length))
    if isinstance(env.action_space, gym.spaces.Dict | gym.spaces.Tuple):
        return UnboundedActions(env, normalize=config.normalize_ranges)
    if isinstance(env.action_space, gym.spaces.Box):
        if config.normalize_ranges:
            env = wrappers.RangeNormalize(env, observ=False)
        env = wrappers.ClipAction(env)
    return env


def bare_env(env: gym.Env) -> gym.Env:
    """What `make_env` has wrapped: the environment as its users know it."""
    while not isinstance(env, wrappers.LimitDuration):
        assert isinstance(env, gym.Wrapper)
        env = env.env
    return env.env


def define_batch_env(
    constructor: Callable[[], gym.Env], num_agents: int, env_processes: bool | None
) -> rltools.BatchEnv:
    """Build a batch of environments.

    Args:
        constructor: Builds one environment.
        num_agents: Number of environments.
        env_processes: Whether the environments get processes, as many as there are
            cores; None to try what is faster. What they do is the same.

    Returns:
        The batch, to be closed by the caller.
    """
    # The graph has its own copies of all arrays.
    if env_processes is None:
        return rltools.BatchEnv.launch(constructor, num_agents, copy=False)
    workers = min(num_agents, count_cores()) if env_processes else 0
    return rltools.BatchEnv.launch(constructor, num_agents, workers=workers, copy=False)
