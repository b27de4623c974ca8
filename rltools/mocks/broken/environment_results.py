"""Environments whose steps return what they should not."""

from typing import Any

import numpy as np

from rltools.mocks.broken.sound import SoundEnvironment

_LATE = 4  # The step of an episode that is broken: shallow checks take fewer.


class AltersResult(SoundEnvironment):
    """Passes what a step returns through `alter`."""

    def step(self, action: Any) -> Any:
        """Move."""
        return self.alter(*super().step(action))

    def alter(
        self, observ: Any, reward: Any, terminated: Any, truncated: Any, info: Any
    ) -> Any:
        """What to return instead."""
        raise NotImplementedError


class FourValues(AltersResult):
    """Returns four values, as in the older gym."""

    trips = frozenset({"T1"})

    def alter(
        self, observ: Any, reward: Any, terminated: Any, truncated: Any, info: Any
    ) -> Any:
        """One flag for both."""
        return observ, reward, terminated or truncated, info


class RaisesLate(AltersResult):
    """Raises in the middle of an episode."""

    trips = frozenset({"T1"})

    def alter(self, *result: Any) -> Any:
        """Raise late."""
        if self.steps == _LATE:
            raise ZeroDivisionError("the simulator divided by zero")
        return result


class NotANumberLate(AltersResult):
    """An observation in the middle of an episode has a NaN."""

    trips = frozenset({"T2"})

    def alter(self, observ: Any, *rest: Any) -> Any:
        """Not a number late."""
        if self.steps == _LATE:
            observ[1] = np.nan
        return observ, *rest


class LeavesItsSpace(AltersResult):
    """Later observations are larger than it declares."""

    trips = frozenset({"T2"})

    def alter(self, observ: Any, *rest: Any) -> Any:
        """Too large late."""
        return (observ if self.steps < _LATE else observ + 5), *rest


class ListAsObservation(AltersResult):
    """Returns lists from its steps where arrays are declared."""

    trips = frozenset({"T2"})

    def alter(self, observ: Any, *rest: Any) -> Any:
        """A list of the same numbers."""
        return observ.tolist(), *rest


class OtherShapeAtTheEnd(AltersResult):
    """The last observation of an episode has another shape."""

    trips = frozenset({"T2"})

    def alter(self, observ: Any, *rest: Any) -> Any:
        """Two numbers at the end."""
        return (observ if self.running else observ[:2]), *rest


class NotANumberAsReward(AltersResult):
    """A reward in the middle of an episode is NaN."""

    trips = frozenset({"T3"})

    def alter(self, observ: Any, reward: Any, *rest: Any) -> Any:
        """Not a number late."""
        return observ, (np.nan if self.steps == _LATE else reward), *rest


class ArrayAsReward(AltersResult):
    """Rewards are arrays of one element."""

    trips = frozenset({"T3"})

    def alter(self, observ: Any, reward: Any, *rest: Any) -> Any:
        """An array."""
        return observ, np.array([reward]), *rest


class NumbersAsFlags(AltersResult):
    """Flags are the numbers 0 and 1."""

    trips = frozenset({"T4"})

    def alter(
        self, observ: Any, reward: Any, terminated: Any, truncated: Any, info: Any
    ) -> Any:
        """Numbers."""
        return observ, reward, int(terminated), int(truncated), info


class ListAsInfo(AltersResult):
    """The info of a step is a list."""

    trips = frozenset({"T5"})

    def alter(self, *result: Any) -> Any:
        """A list of the keys."""
        return *result[:4], list(result[4])


class KeysComeAndGo(AltersResult):
    """The info has a key more at every other step."""

    trips = frozenset({"T5"})

    def alter(self, *result: Any) -> Any:
        """A key more, or not."""
        extra = {"even": True} if self.steps % 2 == 0 else {}
        return *result[:4], {**result[4], **extra}


class TypesChange(AltersResult):
    """A number of the info becomes a text."""

    trips = frozenset({"T5"})

    def alter(self, *result: Any) -> Any:
        """A text late."""
        extra = {"steps": str(self.steps)} if self.steps == _LATE else {}
        return *result[:4], {**result[4], **extra}


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
)
