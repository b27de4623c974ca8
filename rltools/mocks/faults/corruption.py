"""Faults in what an environment returns."""

from dataclasses import dataclass
from typing import Any

from rltools.mocks.faults.fault import Fault

Info = dict[str, Any]


@dataclass(frozen=True, kw_only=True, repr=False)
class Corruption(Fault):
    """Changes the observation or info that a reset or step returns.

    Its subclasses implement `corrupt`. What the environment itself holds is left as it
    is.

    Args:
        at: As for every `Fault`, as are the other options.
    """

    places = ("reset", "step", "end")
