"""Steps, or resets, environments of all workers of a fleet without a message."""

import select
import time
from collections.abc import Sequence
from statistics import median
from typing import Any
from weakref import ref

from rltools.errors import ClosedError
from rltools.process.channel import WorkerChannel
from rltools.process.contest import Contest
from rltools.process.cores import usable_cores
from rltools.process.fleet import Fleet
from rltools.process.patience import LONG, SHORT, Patience, sched_yield
from rltools.process.protocol import Command, Message
from rltools.process.request import Request
from rltools.process.signals import (
    FLAG_BITS,
    PARENT_ASLEEP,
    REQUEST,
    RESET_ONLY,
    YIELD_FOR,
    Signals,
    fence,
)

_WORD = 8
_STEPS_BETWEEN_JUDGEMENTS = 8
# Who sleeps looks again after this, even if nobody wakes it: another thread that calls
# an environment of the batch may have taken the message for its own.
_MAX_MILLISECONDS = 50.0


class Lockstep:
    """Announces steps and resets to workers, and waits until all have carried them out.

    Args:
        fleet: The memory that the workers share.

    Attributes:
        channels: The ways to the workers, in the order of the fleet.
        is_crowded: Whether some of the workers have no core to themselves.
        died: The indices of workers whose death kept them from the last one.
    """

    def __init__(self, fleet: Fleet) -> None:
        self.channels: Sequence[WorkerChannel] = ()
        self.died: set[int] = set()
        self._fleet = fleet
        self._patience = Patience()
        self._number = 0
        self._is_reset = False
        self._call: ref[Any] | None = None
        workers, cores = len(fleet.berths), len(usable_cores())
        self._cores = min(workers, cores)
        self.is_crowded = workers > cores
        # What counts as a short wait, and as a short pause between two steps. Whether
        # longer ones are worth it, only trying tells.
        careful = (LONG if workers < cores else SHORT), SHORT
        self._limits = careful, (LONG, LONG)
        self._contest = Contest()
        self._yield_for = LONG
        self._began = self._ended = time.monotonic()
        self._cycles: list[float] = []  # Seconds from step to step, ...
        self._pauses: list[float] = []  # ... and when there was nothing to do.
        self._pause = 0.0  # About how long it takes until there is.
        self._nobody = bytes(_WORD * len(fleet.berths))

    def replace(self, channels: Sequence[WorkerChannel]) -> None:
        """Take the workers as they are now: some may have come for others."""
        before, self.channels = self.channels, channels
        for index, channel in enumerate(channels):
            if channel not in before and self._fleet.signals is not None:
                # It knows nothing of what was announced before it came.
                self._fleet.signals.replies[index] = self._number

    def begin(self, flags: int) -> None:
        """Announce a step or a reset; no worker may still be at the last one.

        Args:
            flags: Those of `signals`.
        """
        signals = self._signals
        number = self._number = self._number + 1
        now = time.monotonic()
        self._pauses.append(now - self._ended)
        self._is_reset = bool(flags & RESET_ONLY)
        if not self._is_reset:
            self._cycles.append(now - self._began)
            self._began = now
        if number % _STEPS_BETWEEN_JUDGEMENTS == 1:
            self._judge(signals)
        self.died = set()
        if not self._is_reset:
            for channel in self.channels:
                channel.steps += 1
        signals.words[REQUEST] = number << FLAG_BITS | flags
        fence()
        if signals.asleep.tobytes() != self._nobody:
            for channel, asleep in zip(self.channels, signals.asleep, strict=True):
                if asleep:
                    channel.wake()

    def wait(self, deadline: float | None) -> bool:
        """Wait until all workers that live have carried out what was announced.

        Args:
                deadline: Time of `time.monotonic` to give up at; None to wait on.

        Returns:
            Whether they have. If not, `missing` tells who has not.
        """
        replies = self._signals.replies
        wanted = self._number.to_bytes(_WORD, "little") * len(replies)
        patience = self._patience
        patience.begin(self._yield_for)
        for _ in patience.looks:
            if replies.tobytes() == wanted:
                break
            sched_yield()
        while replies.tobytes() != wanted:
            if not patience.yields() and not self._sleep(deadline):
                return False
        self._ended = time.monotonic()
        return True

    def has_ended(self) -> bool:
        """Whether `wait` would return at once."""
        self._look(self.missing())
        return not self.missing()

    def missing(self) -> list[int]:
        """The indices of workers that live and have not carried it out."""
        number = self._number
        return [
            index for index, done in enumerate(self._signals.replies) if done != number
        ]

    def has_reports(self) -> bool:
        """Whether there is a report of the last one, which has ended."""
        return self._number in self._signals.reports.tolist()

    def reports(self) -> dict[int, Message | None]:
        """The reports of the last one, which has ended, by the worker's index."""
        number = self._number
        numbers = self._signals.reports.tolist()
        if number not in numbers:
            return {}
        found: dict[int, Message | None] = {}
        for index, last in enumerate(numbers):
            if last == number and index not in self.died:
                found[index] = self.channels[index].report(number)
        return found

    def request(self, index: int) -> Request:
        """The last step or reset as a request to one worker, for error messages."""
        command, label = Command.STEP_ROWS, "step"
        if self._is_reset:
            command, label = Command.RESET_ROWS, "reset"
        return Request(command, label, self._number, self.channels[index].steps)

    @property
    def call(self) -> Any:
        """The call that the last step belongs to, while somebody holds it."""
        return None if self._call is None else self._call()

    @call.setter
    def call(self, call: Any) -> None:
        self._call = ref(call)

    @property
    def _signals(self) -> Signals:
        signals = self._fleet.signals
        if signals is None:  # Such as by a signal handler in a wait.
            raise ClosedError("All workers of the batch have been closed.")
        return signals

    def _judge(self, signals: Signals) -> None:
        """Find out how to wait: what a wait takes depends on how all of them wait."""
        working = sum(signals.busy) * 1e-9 / self._cores
        if len(self._pauses) > 1:  # The very first says nothing about others.
            self._pause = median(self._pauses)
        ways = [self._who_yields(working, *limits) for limits in self._limits]
        if ways[0] != ways[1]:
            self._contest.note(self._cycles)
        self._cycles.clear()
        self._pauses.clear()
        parent, workers = ways[self._contest.way]
        self._yield_for = LONG if parent else 0.0
        signals.words[YIELD_FOR] = int(LONG * 1e6) if workers else 0

    def _who_yields(
        self, working: float, longest_wait: float, longest_pause: float
    ) -> tuple[bool, bool]:
        """Whether the parent and the workers are to yield, in waits up to a limit."""
        # A worker without a core to itself is in the way of others while they work.
        waits = self._pause + (working if self.is_crowded else 0.0)
        is_steady = self._pause < longest_pause and waits < longest_wait
        return working < longest_wait, is_steady

    def _sleep(self, deadline: float | None) -> bool:
        """Sleep until something has happened; returns False at the deadline."""
        signals = self._signals
        signals.words[PARENT_ASLEEP] = 1
        fence()
        try:
            missing = self.missing()
            poll = select.poll()
            for index in missing:
                for handle, events in self.channels[index].handles():
                    poll.register(handle, events)
            wait = _MAX_MILLISECONDS
            if deadline is not None:
                wait = min(wait, max(0.0, deadline - time.monotonic()) * 1e3)
            # Looked at one after the other, one that was missing may have ended before
            # another that was not: nobody of the missing is the last one then, who
            # wakes this side. Whoever ends after this second look was missing before.
            has_news = not self.missing() or any(self.channels[i].dead for i in missing)
            if not has_news and not poll.poll(wait) and deadline is not None:
                return time.monotonic() < deadline
        finally:
            signals.words[PARENT_ASLEEP] = 0
        self._look(missing)  # Also at who has only woken this side.
        return True

    def _look(self, indices: Sequence[int]) -> None:
        """Take in what workers have sent, and answer for those that have died."""
        for index in indices:
            channel = self.channels[index]
            channel.look(self.request(index))
            if channel.dead and self._signals.replies[index] != self._number:
                self.died.add(index)
                # So that the last of the others takes itself for the last one.
                self._signals.replies[index] = self._number
        fence()
