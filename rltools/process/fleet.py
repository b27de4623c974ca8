"""Memory that is shared by workers that are stepped together."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any
from weakref import finalize

import gymnasium as gym

from rltools.errors import ClosedError
from rltools.hosting.columns import Columns, columns_in, size_of_columns
from rltools.process.block import SharedBlock
from rltools.process.signals import IS_RELIABLE, Signals, size_of_signals


class Fleet:
    """Rows for all environments of some workers, and words to call the workers by.

    The rows of one worker follow those of the worker before, so that the parent reads
    and writes those of all at once. It may have more rows there, for environments of
    its own.

    Args:
        observation_space: That of one environment.
        action_space: That of one environment.
        counts: How many environments each worker has.
        here: How many rows the parent has for environments of its own.

    Attributes:
        berths: The place of each worker.
        signals: The words; None where processors don't keep the order of writes, or
            once all workers have left.
        on_end: Called once all workers have left, or None.
        disturbed: Whether anything that was not announced has happened since this was
            set to False.

    Raises:
        OSError: There is not so much memory.
    """

    def __init__(
        self,
        observation_space: gym.Space,
        action_space: gym.Space,
        counts: Sequence[int],
        here: int = 0,
    ) -> None:
        self.block = SharedBlock.create()
        self._finalizer = finalize(self, self.block.close)
        spaces = observation_space, action_space
        workers, rows = len(counts), sum(counts) + here
        self.disturbed = True
        self.on_end: Callable[[], None] | None = None
        memory = map_fleet(self.block, *spaces, workers, rows)
        self.signals = Signals(memory, workers) if IS_RELIABLE else None
        rest = memoryview(memory)[size_of_signals(workers) :]
        lay_out = partial(columns_in, rest, *spaces, rows)
        self.berths: list[Berth] = []
        first = 0
        for index, count in enumerate(counts):
            self.berths.append(Berth(self, index, (workers, index, rows, first)))
            self.berths[-1].columns = lay_out(first=first, count=count)
            first += count
        self._columns: Columns | None = lay_out(count=first)
        self._columns_here = lay_out(first=first, count=here) if here else None
        self._all_columns: Columns | None = lay_out()
        self._present = workers

    @property
    def columns(self) -> Columns:
        """The rows of the workers.

        Raises:
            ClosedError: All workers have left, such as by a signal handler's doing.
        """
        return _there(self._columns)

    @property
    def columns_here(self) -> Columns:
        """The rows of the parent; raises as `columns`."""
        return _there(self._columns_here)

    @property
    def all_columns(self) -> Columns:
        """The rows of all; raises as `columns`."""
        return _there(self._all_columns)

    def leave(self) -> None:
        """Note that a worker has left; the last one lets go of the memory."""
        self.disturbed = True
        self._present -= 1
        if not self._present:
            self._columns = self._columns_here = self._all_columns = None
            self.signals = None
            if self.on_end is not None:
                self.on_end()
            for berth in self.berths:
                berth.columns = None
            self._finalizer()


class Berth:
    """The place of one worker in a fleet.

    Args:
        fleet: The fleet.
        index: Place of the worker among those of the fleet.
        layout: The arguments of `lay_out` that tell the worker where its place is.

    Attributes:
        fleet, layout: See above.
        columns: The rows of its environments, until all workers have left.
    """

    def __init__(self, fleet: Fleet, index: int, layout: tuple[int, ...]) -> None:
        self.fleet = fleet
        self.layout = layout
        self.columns: Columns | None = None
        self._index = index
        self._left = False

    def begin(self, sent: int) -> None:
        """Have it for a worker that has been sent a number of messages.

        What a worker before it has done, and left in its rows, stays.
        """
        if (signals := self.fleet.signals) is not None:
            signals.asleep[self._index] = 0
        self.announce(sent)

    def announce(self, sent: int) -> None:
        """Tell the worker how many messages it has been sent."""
        if (signals := self.fleet.signals) is not None:
            signals.mail[self._index] = sent

    def leave(self) -> None:
        """Give it up; idempotent."""
        if not self._left:
            self._left = True
            self.fleet.leave()


def _there(columns: Columns | None) -> Columns:
    if columns is None:
        raise ClosedError("All workers of the batch have been closed.")
    return columns


def map_fleet(
    block: SharedBlock,
    observation_space: gym.Space,
    action_space: gym.Space,
    workers: int,
    rows: int,
) -> Any:
    """Map the memory of a fleet: first the words, then the rows."""
    size = size_of_columns(observation_space, action_space, rows)
    return block.map(size_of_signals(workers) + size)
