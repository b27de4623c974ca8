"""Decides how to wait: by giving way to others, or by sleeping until woken."""

import os
import time
from collections.abc import Callable

# To be put to sleep and woken up costs some 20 to 50 microseconds, and a few times that
# in a virtual machine or where a core has gone to sleep meanwhile. A wait that is
# shorter than a few times that is spent yielding.
SHORT = 400e-6
# A longer one may be, too, where nobody else is in need of the core.
LONG = 2e-3
_WEIGHT = 0.1
# Time passes also while others have the core, where one has not looked once.
_CAN_YIELD = hasattr(os, "sched_yield")
_LOOKS = range(50 if _CAN_YIELD else 0)
_NO_LOOKS = range(0)
sched_yield: Callable[[], None] = getattr(os, "sched_yield", lambda: None)


class Patience:
    """Knows how the next wait is best spent: told, or learnt from those so far.

    A process that yields is back 5 microseconds after there is something to do, one
    that sleeps after 20 to 50. But while it yields it takes part of a core from those
    who work, so that it is worth it for short waits only, and never for long: after
    that it sleeps whatever it has learnt.

    Attributes:
        looks: How often to look and yield before `yields` is asked, in a loop of few
            words. With several processes on a core each look finds cold caches, and
            what it costs is how much there is to do between two of them.
    """

    def __init__(self) -> None:
        self._expected = 0.0
        self._is_learning = True
        self._start = 0.0
        self._limit = SHORT
        self.looks = _LOOKS

    def begin(self, seconds: float | None = None) -> None:
        """A wait begins.

        Args:
            seconds: How long to yield before it is time to sleep; None for what has
                been learnt.
        """
        self._is_learning = seconds is None
        self._start = 0.0
        if seconds is None:
            seconds = SHORT if self._expected < SHORT else 0.0
            self._start = time.monotonic()
        self._limit = seconds
        self.looks = _LOOKS if seconds else _NO_LOOKS

    def yields(self) -> bool:
        """Give way to others, after a look in vain; False when it is time to sleep."""
        if not self.looks:
            return False
        if not self._start:  # Not asked for before: most waits are over by then.
            self._start = time.monotonic()
        if time.monotonic() - self._start > self._limit:
            return False
        sched_yield()
        return True

    def end(self) -> None:
        """The wait has ended; learn from it."""
        if self._is_learning:
            waited = time.monotonic() - self._start
            # An idle hour must not be remembered for long.
            self._expected += _WEIGHT * (min(waited, 2 * SHORT) - self._expected)
