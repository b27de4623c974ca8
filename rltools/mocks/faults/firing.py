"""The record of a fault that has fired."""

from dataclasses import dataclass, field

from rltools.mocks.faults.fault import Fault


@dataclass(frozen=True)
class Firing:
    """Where and when a fault has fired.

    Attributes:
        fault: The fault.
        place: `"constructor"`, `"reset"`, `"step"` or `"end"`.
        episode: Number of the episode, from 0; None for the constructor.
        step: Number of the step in the episode, from 1; 0 for the reset and None for
            the constructor.
        choice: A random number that decides what else there is to choose, such as which
            value of an observation becomes NaN.
    """

    fault: Fault
    place: str
    episode: int | None
    step: int | None
    choice: int = field(repr=False)

    def __str__(self) -> str:
        if self.episode is None:
            return f"{self.fault} in the constructor"
        return f"{self.fault} in episode {self.episode}, at step {self.step}"
