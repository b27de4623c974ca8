"""Finds out which of two ways is faster, by going both in turn."""

from collections.abc import Sequence
from statistics import median

# Stretches of each way in one comparison.
_TURNS = 4
# Stretches from one comparison to the next; more of them while it ends in the same way.
_FIRST_REST, _LONGEST_REST = 32, 1024
# What is faster by less than this is not worth a change.
_MARGIN = 0.95
# The first of a stretch still suffers from the way before.
_UNCOUNTED = 2


class Contest:
    """Two ways to do something that is done again and again.

    Which one is faster can't be told beforehand: it depends on what else the machine
    does, and on what the program does between two times. Both have equally many turns,
    one after the other, as other loads come and go. Some time after, it starts anew.

    Attributes:
        way: Which way to go next, 0 or 1.
    """

    def __init__(self) -> None:
        self.way = 0
        self._better = 0
        self._rest = _FIRST_REST
        self._until_next = 0
        self._times: tuple[list[float], list[float]] = ([], [])

    def note(self, seconds: Sequence[float]) -> None:
        """Tell how long it took each time, in a stretch of going the way."""
        if self._until_next:
            self._until_next -= 1
            return
        if len(seconds) <= _UNCOUNTED:
            return
        self._times[self.way].append(median(seconds[_UNCOUNTED:]))
        self.way = 1 - self.way
        if all(len(times) == _TURNS for times in self._times):
            self._decide()

    def _decide(self) -> None:
        typical = [median(times) for times in self._times]
        self._times = ([], [])
        other = 1 - self._better
        if typical[other] < _MARGIN * typical[self._better]:
            self._better = other
            self._rest = _FIRST_REST
        else:
            self._rest = min(2 * self._rest, _LONGEST_REST)
        self.way = self._better
        self._until_next = self._rest
