"""Results that can't cross to another process."""

import threading
from dataclasses import dataclass
from typing import Any

import gymnasium as gym

from rltools.mocks.faults.corruption import Corruption, Info
from rltools.mocks.faults.firing import Firing


@dataclass(frozen=True, kw_only=True, repr=False)
class Unpicklable(Corruption):
    """The info has an entry `"unpicklable"`, a lock, that can't be pickled.

    Args:
        at: As for every `Fault`, as are the other options.
    """

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
        return observ, {**info, "unpicklable": threading.Lock()}
