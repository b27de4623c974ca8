"""Environments whose spaces are broken."""

from typing import Any

import gymnasium as gym
import numpy as np

from rltools.mocks.broken.sound import SoundEnvironment


class NoActionSpace(SoundEnvironment):
    """Has no action space."""

    trips = frozenset({"S1"})

    def __init__(self, render_mode: str | None = None) -> None:
        super().__init__(render_mode)
        del self.action_space


class ShapeForSpace(SoundEnvironment):
    """Names the shape of its observations where their space should be."""

    trips = frozenset({"S1"})

    def __init__(self, render_mode: str | None = None) -> None:
        super().__init__(render_mode)
        self.observation_space: Any = (3,)


class CrossedBounds(SoundEnvironment):
    """The lower bound of its observations is above the upper one."""

    trips = frozenset({"S2"})

    def __init__(self, render_mode: str | None = None) -> None:
        super().__init__(render_mode)
        space = gym.spaces.Box(-2.0, 2.0, (3,), np.float32)
        space.low[1] = 3.0
        self.observation_space = space


class NotANumberAsBound(SoundEnvironment):
    """A bound of its observations is NaN, so that none is within."""

    trips = frozenset({"S2"})

    def __init__(self, render_mode: str | None = None) -> None:
        super().__init__(render_mode)
        space = gym.spaces.Box(-2.0, 2.0, (3,), np.float32)
        space.high[2] = np.nan
        self.observation_space = space


class NoActions(SoundEnvironment):
    """Its action space has no elements."""

    trips = frozenset({"S3"})

    def __init__(self, render_mode: str | None = None) -> None:
        super().__init__(render_mode)
        space = gym.spaces.Discrete(1)
        space.n = np.int64(0)
        self.action_space = space


class EmptyDict(SoundEnvironment):
    """A part of its observations is a Dict without keys."""

    trips = frozenset({"S4"})

    def __init__(self, render_mode: str | None = None) -> None:
        super().__init__(render_mode)
        parts = {"walk": self.observation_space, "extra": gym.spaces.Dict({})}
        self.observation_space: Any = gym.spaces.Dict(parts)

    def observe(self) -> Any:
        """The position, and nothing."""
        return {"walk": super().observe(), "extra": {}}


class NewSpaces(SoundEnvironment):
    """Makes its action space anew at every access, always with a new generator."""

    trips = frozenset({"S5"})

    @property
    def action_space(self) -> Any:
        """Another object each time."""
        return gym.spaces.Discrete(2)

    @action_space.setter
    def action_space(self, space: Any) -> None:
        pass


class TextOfNoLength(SoundEnvironment):
    """Its texts are at least as long as they may not be."""

    trips = frozenset({"S6"})

    def __init__(self, render_mode: str | None = None) -> None:
        super().__init__(render_mode)
        text = gym.spaces.Text(4)
        text.min_length = 5
        parts = {"walk": self.observation_space, "text": text}
        self.observation_space: Any = gym.spaces.Dict(parts)

    def observe(self) -> Any:
        """The position and a text."""
        return {"walk": super().observe(), "text": "walk"}


class GraphOfTexts(SoundEnvironment):
    """The nodes of its graphs are texts, which no array can hold."""

    trips = frozenset({"S6"})

    def __init__(self, render_mode: str | None = None) -> None:
        super().__init__(render_mode)
        graph: Any = gym.spaces.Graph(gym.spaces.Discrete(3), None)
        graph.node_space = gym.spaces.Text(4)
        self.observation_space: Any = graph

    def observe(self) -> Any:
        """A graph of one node."""
        return gym.spaces.GraphInstance(np.array(["walk"]), None, None)


class UnboundedActions(SoundEnvironment):
    """Takes actions of any size."""

    trips = frozenset({"S7"})

    def __init__(self, render_mode: str | None = None) -> None:
        super().__init__(render_mode)
        self.action_space = gym.spaces.Box(-np.inf, np.inf, (1,), np.float32)

    def direction(self, action: Any) -> float:
        """The sign of the action counts."""
        return float(0.15 * np.sign(action[0]))


ENVIRONMENTS = (
    NoActionSpace,
    ShapeForSpace,
    CrossedBounds,
    NotANumberAsBound,
    NoActions,
    EmptyDict,
    NewSpaces,
    TextOfNoLength,
    GraphOfTexts,
    UnboundedActions,
)
