"""When a fault fires; what it does then, its subclasses say."""

import os
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

import gymnasium as gym

from rltools.arguments import check_integer
from rltools.errors import InvalidArgumentError
from rltools.space_checks import describe

if TYPE_CHECKING:
    from rltools.mocks.faults.firing import Firing


@dataclass(frozen=True, kw_only=True, repr=False)
class Fault:
    """Something that goes wrong in an environment, at a place that can be chosen.

    Without any option it fires at every reset and every step. The options narrow that
    down, and must all be met:

    Args:
        at: `"constructor"`, `"reset"`, `"step"`, or `"end"`: when the environment has
            ended an episode, with the last observation of it in hand.
        at_step: Only at this step of an episode, counting from 1.
        episode: Only in this episode, counting the calls of `reset` from 0, whatever
            their seeds.
        probability: How likely it fires where it could. Whether it does follows from
            the seed, the environment's index, the place of the fault among the others,
            and the numbers of episode and step alone.
        once: Path of a file that is made when the fault fires, and keeps it from firing
            for as long as it exists. So a fault that ends a process fires in one of its
            lives only, and in one environment only of those that share the path.

    Raises:
        InvalidArgumentError: An option has a value that makes no sense, or two of them
            exclude each other.
    """

    at: str | None = None
    at_step: int | None = None
    episode: int | None = None
    probability: float | None = None
    once: str | os.PathLike[str] | None = None

    # Where this kind of fault can fire, and what it keeps from happening after it.
    places: ClassVar[tuple[str, ...]] = ("constructor", "reset", "step", "end")
    stops_call: ClassVar[bool] = False
    stops_process: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if self.at is not None and self.at not in self.places:
            allowed = ", ".join(map(repr, self.places))
            self._refuse("at", self.at, f"to be one of {allowed}")
        if self.at_step is not None:
            check_integer("at_step", self.at_step, at_least=1)
            if self.at is not None:
                self._refuse("at_step", self.at_step, f"to be None with at={self.at!r}")
        if self.episode is not None:
            check_integer("episode", self.episode, at_least=0)
            if self.at == "constructor":
                self._refuse("episode", self.episode, "to be None with a constructor")
        if self.probability is not None and not _is_probability(self.probability):
            self._refuse("probability", self.probability, "to be a number from 0 to 1")
        if self.once is not None and not _is_path(self.once):
            self._refuse("once", self.once, "to be a path")

    def __repr__(self) -> str:
        changed = [
            f"{field.name}={getattr(self, field.name)!r}"
            for field in fields(self)
            if getattr(self, field.name) != field.default
        ]
        return f"{type(self).__name__}({', '.join(changed)})"

    def is_at(self, place: str, episode: int | None, step: int | None) -> bool:
        """Whether this is a place where it fires, if its probability has it so.

        Args:
            place: `"constructor"`, `"reset"`, `"step"` or `"end"`.
            episode: Number of the episode, from 0; None for the constructor.
            step: Number of the step, from 1; 0 for the reset, None for the constructor.
        """
        if self.episode is not None and episode != self.episode:
            return False
        if self.at_step is not None:
            return place == "step" and step == self.at_step
        if self.at is None:
            return place in ("reset", "step")
        return place == self.at

    def check_space(self, space: gym.Space[Any]) -> None:
        """Check that observations of a space can have this fault.

        Args:
            space: The observation space.

        Raises:
            InvalidSpaceError: They can't.
        """
        return

    def strike(self, firing: "Firing") -> None:
        """Do what harm there is to do to the process or the call.

        Args:
            firing: Where and when.
        """
        return

    def corrupt(
        self,
        observ: Any,
        info: dict[str, Any],
        firing: "Firing",
        *,
        space: gym.Space[Any],
        previous: Any,
    ) -> tuple[Any, dict[str, Any]]:
        """Return a wrong observation or info in the place of right ones.

        Args:
            observ: The observation, an element of the space unless another fault has
                changed it.
            info: The info.
            firing: Where and when.
            space: The observation space.
            previous: The observation that was returned before; None if there was none.

        Returns:
            Tuple of observation and info; what was passed stays as it is.
        """
        return observ, info

    def pinned(self, firing: "Firing") -> Self:
        """The same fault, but at the one place where it fired, and certain to fire."""
        is_step = firing.place == "step"
        return replace(
            self,
            at=None if is_step else firing.place,
            at_step=firing.step if is_step else None,
            episode=firing.episode,
            probability=None,
            once=None,
        )

    def _refuse(self, name: str, value: object, expected: str) -> None:
        raise InvalidArgumentError(
            f"{type(self).__name__}: expected {name} {expected}, got {describe(value)}."
        )


def _is_probability(value: Any) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and 0 <= value <= 1


def _is_path(value: Any) -> bool:
    return isinstance(value, str | os.PathLike)
