"""Faults in one leaf of an observation."""

from abc import abstractmethod
from dataclasses import dataclass, replace
from typing import Any, Self

import gymnasium as gym
import numpy as np

from rltools.arguments import check_integer
from rltools.errors import InvalidSpaceError
from rltools.mocks.faults.corruption import Corruption, Info
from rltools.mocks.faults.firing import Firing
from rltools.mocks.leaves import leaf_spaces, value_at, with_value_at

ARRAYS = (gym.spaces.Box, gym.spaces.MultiDiscrete, gym.spaces.MultiBinary)


@dataclass(frozen=True, kw_only=True, repr=False)
class ObservationFault(Corruption):
    """Changes one leaf of the observation, or one number in it.

    Args:
        choice: A number that decides which leaf and number, of those that can have the
            fault; None draws it like the probability.
        at: As for every `Fault`, as are the other options.
    """

    choice: int | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.choice is not None:
            check_integer("choice", self.choice, at_least=0)

    @abstractmethod
    def can_change(self, space: gym.Space[Any]) -> bool:
        """Whether a leaf of this space can have the fault."""

    @abstractmethod
    def change(self, value: Any, space: gym.Space[Any], choice: int) -> Any:
        """Return a wrong value in the place of a right one, which is not changed."""

    def check_space(self, space: gym.Space[Any]) -> None:
        """See `Fault.check_space`."""
        if not any(self.can_change(leaf) for _, leaf in leaf_spaces(space)):
            raise InvalidSpaceError(
                f"{self}: expected an observation space in which something can have "
                f"this fault, got {space}."
            )

    def corrupt(
        self,
        observ: Any,
        info: Info,
        firing: Firing,
        *,
        space: gym.Space[Any],
        previous: Any,
    ) -> tuple[Any, Info]:
        """See `Fault.corrupt`."""
        choice = firing.choice if self.choice is None else self.choice
        leaves = [each for each in leaf_spaces(space) if self.can_change(each[1])]
        choice, index = divmod(choice, len(leaves))
        path, leaf = leaves[index]
        changed = self.change(value_at(observ, path), leaf, choice)
        return with_value_at(observ, path, changed), info

    def pinned(self, firing: Firing) -> Self:
        """See `Fault.pinned`."""
        choice = firing.choice if self.choice is None else self.choice
        return replace(super().pinned(firing), choice=choice)


def with_number(value: Any, index: int, number: Any) -> np.ndarray:
    """A copy of an array with another number at a flat index."""
    changed = np.array(value)
    changed.reshape(-1)[index] = number
    return changed
