"""Environments whose steps do what they should not, or come when they should not."""

import random
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.envs.registration import EnvSpec

from rltools.mocks.broken.environment_results import AltersResult
from rltools.mocks.broken.sound import SoundEnvironment


class StepsWithoutReset(SoundEnvironment):
    """Can be stepped before its first reset."""

    trips = frozenset({"T6"})

    def __init__(self, render_mode: str | None = None) -> None:
        super().__init__(render_mode)
        self.running = True


class NothingAfterTheEnd(SoundEnvironment):
    """Returns None for the observation when stepped after the end."""

    trips = frozenset({"T7"})

    def step(self, action: Any) -> Any:
        """Move, or stay."""
        if self.steps and not self.running:
            return None, 0.0, True, False, {}
        return super().step(action)


class OneBuffer(SoundEnvironment):
    """Writes all its observations into one array."""

    trips = frozenset({"T8"})

    def __init__(self, render_mode: str | None = None) -> None:
        super().__init__(render_mode)
        self.buffer = np.zeros(3, np.float32)

    def observe(self) -> Any:
        """The buffer, filled anew."""
        self.buffer[:] = self.position
        return self.buffer


class OneInfo(SoundEnvironment):
    """Returns one dict as every info."""

    trips = frozenset({"T8"})

    def __init__(self, render_mode: str | None = None) -> None:
        super().__init__(render_mode)
        self.info: dict[str, Any] = {}

    def inform(self) -> Any:
        """The dict, filled anew."""
        self.info.update(super().inform())
        return self.info


class OneGoal(SoundEnvironment):
    """Shows its goal itself in every info, for anybody to move."""

    trips = frozenset({"T8"})

    def __init__(self, render_mode: str | None = None) -> None:
        super().__init__(render_mode)
        self.goal = np.ones(3)

    def inform(self) -> Any:
        """The usual, and the goal."""
        return {**super().inform(), "goal": self.goal}


class ShowsItsState(SoundEnvironment):
    """Returns the array that it goes on from."""

    trips = frozenset({"T8"})

    def __init__(self, render_mode: str | None = None) -> None:
        super().__init__(render_mode)
        self.observation_space = gym.spaces.Box(-200.0, 200.0, (3,), np.float64)

    def observe(self) -> Any:
        """The state itself; every step makes a new one."""
        return self.position

    def inform(self) -> Any:
        """The number of steps."""
        return {"steps": self.steps}


class KeepsTheAction(SoundEnvironment):
    """Keeps the action of the last step without a copy, to act on it again."""

    trips = frozenset({"T9"})

    def __init__(self, render_mode: str | None = None) -> None:
        super().__init__(render_mode)
        self.action_space = gym.spaces.Box(-1.0, 1.0, (1,), np.float32)
        self.last: Any = None

    def direction(self, action: Any) -> float:
        """How far an action and the one before it move."""
        last, self.last = self.last, action
        before = 0.0 if last is None or self.steps == 1 else float(last[0])
        return 0.1 * float(action[0]) + 0.05 * before


class ChangesTheAction(SoundEnvironment):
    """Clips the action in the array that it was given."""

    trips = frozenset({"T9"})

    def __init__(self, render_mode: str | None = None) -> None:
        super().__init__(render_mode)
        self.action_space = gym.spaces.Box(-1.0, 1.0, (1,), np.float32)

    def direction(self, action: Any) -> float:
        """How far a clipped action moves."""
        np.clip(action, -0.2, 0.2, out=action)
        return float(action[0])


class UsesGlobalNumPy(SoundEnvironment):
    """Its noise comes from the generator that all of NumPy shares."""

    trips = frozenset({"T10"})

    def direction(self, action: Any) -> float:
        """How far an action moves, more or less."""
        return super().direction(action) + np.random.normal(0.0, 0.01)


class UsesGlobalPython(SoundEnvironment):
    """Its noise comes from the generator that all of Python shares."""

    trips = frozenset({"T10"})

    def direction(self, action: Any) -> float:
        """How far an action moves, more or less."""
        return super().direction(action) + random.gauss(0.0, 0.01)


class SamplesItsActionSpace(SoundEnvironment):
    """Does now and then what it draws from the generator of its action space."""

    trips = frozenset({"T10"})

    def direction(self, action: Any) -> float:
        """How far an action, or another one, moves."""
        if self.steps % 3 == 0:
            action = self.action_space.sample()
        return super().direction(action)


class GoesOn(SoundEnvironment):
    """Episodes are longer than its spec declares."""

    trips = frozenset({"T11"})
    spec = EnvSpec("GoesOn-v0", max_episode_steps=8)


class EndsBothWays(AltersResult):
    """An episode that is terminated is truncated, too."""

    trips = frozenset({"T12"})

    def alter(
        self, observ: Any, reward: Any, terminated: Any, truncated: Any, info: Any
    ) -> Any:
        """Both flags."""
        ended = terminated or truncated
        return observ, reward, ended, ended, info


ENVIRONMENTS = (
    StepsWithoutReset,
    NothingAfterTheEnd,
    OneBuffer,
    OneInfo,
    OneGoal,
    ShowsItsState,
    KeepsTheAction,
    ChangesTheAction,
    UsesGlobalNumPy,
    UsesGlobalPython,
    SamplesItsActionSpace,
    GoesOn,
    EndsBothWays,
)
