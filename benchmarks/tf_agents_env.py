"""Gymnasium environments for TF-Agents, whose own wrapper takes those of gym."""

from collections.abc import Callable
from typing import Any

import gymnasium as gym


def make_tf_agents_env(constructor: Callable[[], gym.Env]) -> Any:
    """Make a Gymnasium environment, as a `tf_agents` `PyEnvironment`.

    Args:
        constructor: Makes an environment of Box and Discrete spaces.
    """
    from tf_agents.environments import py_environment
    from tf_agents.specs import BoundedArraySpec
    from tf_agents.trajectories import time_step

    class Wrapped(py_environment.PyEnvironment):
        def __init__(self, env: gym.Env) -> None:
            super().__init__(handle_auto_reset=True)
            self._env = env

        def observation_spec(self) -> Any:
            return _make_spec(self._env.observation_space)

        def action_spec(self) -> Any:
            return _make_spec(self._env.action_space)

        def _reset(self) -> Any:
            observ, _ = self._env.reset()
            return time_step.restart(observ)

        def _step(self, action: Any) -> Any:
            # The base class has reset instead if the episode has ended.
            observ, reward, terminated, truncated, _ = self._env.step(action)
            if terminated:
                return time_step.termination(observ, reward)
            if truncated:
                return time_step.truncation(observ, reward)
            return time_step.transition(observ, reward)

    def _make_spec(space: Any) -> BoundedArraySpec:
        if isinstance(space, gym.spaces.Discrete):
            last = space.start + space.n - 1
            return BoundedArraySpec((), space.dtype, space.start, last)
        return BoundedArraySpec(space.shape, space.dtype, space.low, space.high)

    return Wrapped(constructor())
