"""The record that `MockEnvironment` keeps of a call."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, eq=False)
class EnvironmentCall:
    """What one call was given and returned, as copies; None where there is no such.

    Attributes:
        method: `"reset"`, `"step"` or `"close"`.
        seed: The seed of a reset.
        options: The options of a reset.
        action: The action of a step.
        observ: The observation that was returned.
        reward: The reward that was returned.
        terminated: Whether the episode ended by itself.
        truncated: Whether the episode was cut short.
    """

    method: str
    seed: int | None = None
    options: Mapping[str, Any] | None = None
    action: Any = None
    observ: Any = None
    reward: float | None = None
    terminated: bool | None = None
    truncated: bool | None = None
