"""Decides how to wait: by giving way to others, or by sleeping until woken."""

import os
import time

# What it costs here to be put to sleep and woken up is some 20 to 50 microseconds.
# A wait that is shorter than a few times that is spent yielding.
_SHORT = 400e-6
_WEIGHT = 0.1
# Time passes also while others have the core, where one has not looked once.
_FEWEST_LOOKS = 50
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
        self._start = 0.0
        self._looks = 0

    @property
    def is_short(self) -> bool:
        """Whether the next wait is expected to be short."""
        return _CAN_YIELD and self._expected < _SHORT

    def begin(self) -> None:
        """A wait begins."""
        self._start = time.monotonic()
        self._looks = 0

    def yields(self) -> bool:
        """Give way to others, after a look in vain; False when it is time to sleep."""
        if not self.is_short:
            return False
        self._looks += 1
        waited = time.monotonic() - self._start
        if waited > _SHORT and self._looks > _FEWEST_LOOKS:
            return False
        os.sched_yield()
        return True

    def end(self) -> None:
        """The wait has ended; learn from it."""
        waited = time.monotonic() - self._start
        # An idle hour must not be remembered for long.
        self._expected += _WEIGHT * (min(waited, 2 * _SHORT) - self._expected)
