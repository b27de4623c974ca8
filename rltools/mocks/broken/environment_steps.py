"""Environments whose steps return what they should not."""

import random
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.envs.registration import EnvSpec

from rltools.mocks.broken.sound import SoundEnvironment

_LATE = 4  # The step of an episode that is broken: shallow checks take fewer.


class _AltersResult(SoundEnvironment):
    """Passes what a step returns through `alter`."""

    def step(self, action: Any) -> Any:
        """Move."""
        return self.alter(*super().step(action))

    def alter(
        self, observ: Any, reward: Any, terminated: Any, truncated: Any, info: Any
    ) -> Any:
        """What to return instead."""
        raise NotImplementedError


class FourValues(_AltersResult):
    """Returns four values, as in the older gym."""

    trips = frozenset({"T1"})

    def alter(
        self, observ: Any, reward: Any, terminated: Any, truncated: Any, info: Any
    ) -> Any:
        """One flag for both."""
        return observ, reward, terminated or truncated, info


class RaisesLate(_AltersResult):
    """Raises in the middle of an episode."""

    trips = frozenset({"T1"})

    def alter(self, *result: Any) -> Any:
        """Raise late."""
        if self.steps == _LATE:
            raise ZeroDivisionError("the simulator divided by zero")
        return result


class NotANumberLate(_AltersResult):
    """An observation in the middle of an episode has a NaN."""

    trips = frozenset({"T2"})

    def alter(self, observ: Any, *rest: Any) -> Any:
        """Not a number late."""
        if self.steps == _LATE:
            observ[1] = np.nan
        return observ, *rest


class LeavesItsSpace(_AltersResult):
    """Later observations are larger than it declares."""

    trips = frozenset({"T2"})

    def alter(self, observ: Any, *rest: Any) -> Any:
        """Too large late."""
        return (observ if self.steps < _LATE else observ + 5), *rest


class ListAsObservation(_AltersResult):
    """Returns lists from its steps where arrays are declared."""

    trips = frozenset({"T2"})

    def alter(self, observ: Any, *rest: Any) -> Any:
        """A list of the same numbers."""
        return observ.tolist(), *rest


class OtherShapeAtTheEnd(_AltersResult):
    """The last observation of an episode has another shape."""

    trips = frozenset({"T2"})

    def alter(self, observ: Any, *rest: Any) -> Any:
        """Two numbers at the end."""
        return (observ if self.running else observ[:2]), *rest


class NotANumberAsReward(_AltersResult):
    """A reward in the middle of an episode is NaN."""

    trips = frozenset({"T3"})

    def alter(self, observ: Any, reward: Any, *rest: Any) -> Any:
        """Not a number late."""
        return observ, (np.nan if self.steps == _LATE else reward), *rest


class ArrayAsReward(_AltersResult):
    """Rewards are arrays of one element."""

    trips = frozenset({"T3"})

    def alter(self, observ: Any, reward: Any, *rest: Any) -> Any:
        """An array."""
        return observ, np.array([reward]), *rest


class NumbersAsFlags(_AltersResult):
    """Flags are the numbers 0 and 1."""

    trips = frozenset({"T4"})

    def alter(
        self, observ: Any, reward: Any, terminated: Any, truncated: Any, info: Any
    ) -> Any:
        """Numbers."""
        return observ, reward, int(terminated), int(truncated), info


class ListAsInfo(_AltersResult):
    """The info of a step is a list."""

    trips = frozenset({"T5"})

    def alter(self, *result: Any) -> Any:
        """A list of the keys."""
        return *result[:4], list(result[4])


class KeysComeAndGo(_AltersResult):
    """The info has a key more at every other step."""

    trips = frozenset({"T5"})

    def alter(self, *result: Any) -> Any:
        """A key more, or not."""
        extra = {"even": True} if self.steps % 2 == 0 else {}
        return *result[:4], {**result[4], **extra}


class TypesChange(_AltersResult):
    """A number of the info becomes a text."""

    trips = frozenset({"T5"})

    def alter(self, *result: Any) -> Any:
        """A text late."""
        extra = {"steps": str(self.steps)} if self.steps == _LATE else {}
        return *result[:4], {**result[4], **extra}


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


class OneBuffer(_AltersResult):
    """Writes all its observations into one array."""

    trips = frozenset({"T8"})

    def __init__(self, render_mode: str | None = None) -> None:
        super().__init__(render_mode)
        self.buffer = np.zeros(3, np.float32)

    def observe(self) -> Any:
        """The buffer, filled anew."""
        self.buffer[:] = self.position
        return self.buffer

    def alter(self, *result: Any) -> Any:
        """Nothing."""
        return result


class OneInfo(_AltersResult):
    """Returns one dict as every info."""

    trips = frozenset({"T8"})

    def __init__(self, render_mode: str | None = None) -> None:
        super().__init__(render_mode)
        self.info: dict[str, Any] = {}

    def inform(self) -> Any:
        """The dict, filled anew."""
        self.info.update(super().inform())
        return self.info

    def alter(self, *result: Any) -> Any:
        """Nothing."""
        return result


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


class GoesOn(_AltersResult):
    """Episodes are longer than its spec declares."""

    trips = frozenset({"T11"})
    spec = EnvSpec("GoesOn-v0", max_episode_steps=8)

    def alter(self, *result: Any) -> Any:
        """Nothing."""
        return result


class EndsBothWays(_AltersResult):
    """An episode that is terminated is truncated, too."""

    trips = frozenset({"T12"})

    def alter(
        self, observ: Any, reward: Any, terminated: Any, truncated: Any, info: Any
    ) -> Any:
        """Both flags."""
        ended = terminated or truncated
        return observ, reward, ended, ended, info


ENVIRONMENTS = (
    FourValues,
    RaisesLate,
    NotANumberLate,
    LeavesItsSpace,
    ListAsObservation,
    OtherShapeAtTheEnd,
    NotANumberAsReward,
    ArrayAsReward,
    NumbersAsFlags,
    ListAsInfo,
    KeysComeAndGo,
    TypesChange,
    StepsWithoutReset,
    NothingAfterTheEnd,
    OneBuffer,
    OneInfo,
    ChangesTheAction,
    UsesGlobalNumPy,
    UsesGlobalPython,
    SamplesItsActionSpace,
    GoesOn,
    EndsBothWays,
)
