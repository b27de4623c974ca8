"""Finds out how a parent and the workers that it steps best wait for each other."""

import time
from collections.abc import Sequence
from statistics import median

from rltools.process.contest import Contest
from rltools.process.cores import usable_cores
from rltools.process.patience import LONG, SHORT

# A longer wait is slept through but for its end: who has slept is back late, and finds
# cold caches. In a very long one that does not matter.
_AWAKE_BEFORE_END = 200e-6
_LONGEST_NAP = 25e-3


class Pace:
    """Learns from steps how to wait in the next ones.

    Args:
        workers: How many workers take part.

    Attributes:
        is_crowded: Whether some of the workers have no core to themselves.
        yields_for: How many seconds the parent is to yield before it sleeps.
        workers_yield_for: The same of workers.
        awake_from: Time of `time.monotonic` up to which the parent may as well sleep;
            0 if it had better not.
    """

    def __init__(self, workers: int) -> None:
        cores = len(usable_cores())
        self.is_crowded = workers > cores
        self.yields_for = self.workers_yield_for = LONG
        self.awake_from = 0.0
        self._cores = min(workers, cores)
        # What counts as a short wait, and as a short pause between two steps. Whether
        # longer ones are worth it, only trying tells.
        careful = (LONG if workers < cores else SHORT), SHORT
        self._limits = careful, (LONG, LONG)
        self._contest = Contest()
        self._nap = 0.0  # Seconds from the beginning of a step.
        self._began = self._ended = time.monotonic()
        self._cycles: list[float] = []  # Seconds from step to step, ...
        self._pauses: list[float] = []  # ... and when there was nothing to do.
        self._pause = 0.0  # About how long it takes until there is.

    def begin(self, *, is_reset: bool) -> None:
        """Note that a step begins, or a reset."""
        now = time.monotonic()
        self._pauses.append(now - self._ended)
        self.awake_from = 0.0
        if not is_reset:
            self._cycles.append(now - self._began)
            self._began = now
            if self._nap:
                self.awake_from = now + self._nap

    def end(self) -> None:
        """Note that it has ended."""
        self._ended = time.monotonic()

    def judge(self, busy: Sequence[int]) -> None:
        """Decide how to wait from now on.

        What a wait takes depends on how all of them wait.

        Args:
            busy: About how many nanoseconds a step takes each worker.
        """
        working = sum(busy) * 1e-9 / self._cores
        if len(self._pauses) > 1:  # The very first says nothing about others.
            self._pause = median(self._pauses)
        ways = [self._who_yields(working, *limits) for limits in self._limits]
        if ways[0] != ways[1]:
            self._contest.note(self._cycles)
        self._cycles.clear()
        self._pauses.clear()
        parent, workers = ways[self._contest.way]
        # Where workers have to share cores, one more who looks around is in their way.
        takes_naps = LONG <= working < _LONGEST_NAP and not self.is_crowded
        self._nap = working - _AWAKE_BEFORE_END if takes_naps else 0.0
        self.yields_for = LONG if parent or takes_naps else 0.0
        self.workers_yield_for = LONG if workers else 0.0

    def _who_yields(
        self, working: float, longest_wait: float, longest_pause: float
    ) -> tuple[bool, bool]:
        """Whether the parent and the workers are to yield, in waits up to a limit."""
        # A worker without a core to itself is in the way of others while they work.
        waits = self._pause + (working if self.is_crowded else 0.0)
        is_steady = self._pause < longest_pause and waits < longest_wait
        return working < longest_wait, is_steady
