"""Decides how to wait: by giving way to others, or by sleeping until woken."""

import os

# What it costs here to be put to sleep and woken up is some 20 to 50 microseconds.
# A wait that is shorter than a few times that is spent yielding.
_SHORT = 400e-6
_WEIGHT = 0.1
_CAN_YIELD = hasattr(os, "sched_yield")


class Patience:
    """Learns from the waits so far how the next one is best spent.

    A process that yields is back 5 microseconds after there is something to do, one
    that sleeps after 20 to 50. But while it yields it takes part of a core from those
    who work, so that it is worth it for short waits only, and never for long: after
    that it sleeps whatever it has learnt.
    """

    def __init__(self) -> None:
        self._expected = 0.0

    @property
    def seconds(self) -> float:
        """How long to yield before going to sleep."""
        return _SHORT if _CAN_YIELD and self._expected < _SHORT else 0.0

    def note(self, waited: float) -> None:
        """Learn from a wait that has ended, in seconds."""
        # An idle hour must not be remembered for long.
        self._expected += _WEIGHT * (min(waited, 4 * _SHORT) - self._expected)
