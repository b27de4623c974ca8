"""Broken wrappers: spaces and values do not fit."""

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces

from rltools.mocks.broken.wrapper_base import BrokenWrapper, Result


class ScalesValuesOnly(BrokenWrapper):
    """Observations are ten times as large, the observation space is not."""

    trips = frozenset({"W1"})

    def reset(self, **arguments: Any) -> Any:
        """Scale the first observation."""
        observ, info = self.env.reset(**arguments)
        return observ * np.float32(10), info

    def step(self, action: Any) -> Result:
        """Scale the others."""
        observ, *rest = self.env.step(action)
        return (observ * np.float32(10), *rest)


class ScalesSpaceOnly(BrokenWrapper):
    """The observation space says from 0 to 1, the observations are as they were."""

    trips = frozenset({"W1"})

    def __init__(self, env: gym.Env[Any, Any]) -> None:
        super().__init__(env)
        self.observation_space = spaces.Box(0.0, 1.0, env.observation_space.shape)


class WidensActionsOnly(BrokenWrapper):
    """The action space becomes wider, and actions are passed on as they come."""

    trips = frozenset({"W1"})

    def __init__(self, env: gym.Env[Any, Any]) -> None:
        super().__init__(env)
        self.action_space = spaces.Box(-100.0, 100.0, env.action_space.shape)


class RoundsAtTheBounds(BrokenWrapper):
    """Actions become float64 on their way, but only those at the upper bound."""

    trips = frozenset({"W1"})

    def step(self, action: Any) -> Result:
        """Pass the action on, almost as it is."""
        if np.all(action == self.action_space.high):  # type: ignore[attr-defined]
            action = action.astype(np.float64)
        return self.env.step(action)


class ChangesInnerSpace(BrokenWrapper):
    """The environment is given another observation space."""

    trips = frozenset({"W1"})

    def __init__(self, env: gym.Env[Any, Any]) -> None:
        super().__init__(env)
        env.unwrapped.observation_space = spaces.Box(
            -np.inf, np.inf, env.observation_space.shape
        )


class WritesToInnerSpace(BrokenWrapper):
    """The bounds of the environment's own observation space are overwritten."""

    trips = frozenset({"W1"})

    def __init__(self, env: gym.Env[Any, Any]) -> None:
        super().__init__(env)
        space: Any = env.observation_space
        space.low[...] = -100


WRAPPERS: tuple[type[BrokenWrapper], ...] = (
    ScalesValuesOnly,
    ScalesSpaceOnly,
    WidensActionsOnly,
    RoundsAtTheBounds,
    ChangesInnerSpace,
    WritesToInnerSpace,
)
