"""Episodes as data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, eq=False)
class Transition:
    """What a step returns, and which action it must be given.

    Attributes:
        observ: The observation after the step.
        reward: The reward of the step.
        terminated: Whether the episode ends by itself.
        truncated: Whether the episode is cut short.
        info: The info of the step.
        action: The action that is expected; None for any.
    """

    observ: Any
    reward: float = 0.0
    terminated: bool = False
    truncated: bool = False
    info: Mapping[str, Any] = field(default_factory=dict)
    action: Any = None

    @property
    def done(self) -> bool:
        """Whether the episode ends here, in either way."""
        return bool(self.terminated or self.truncated)


@dataclass(frozen=True, eq=False)
class Episode:
    """What a reset returns and the steps after it; the last one need not be an end.

    Attributes:
        observ: The first observation.
        transitions: The steps.
        info: The info of the reset.
    """

    observ: Any
    transitions: Sequence[Transition] = ()
    info: Mapping[str, Any] = field(default_factory=dict)
