"""Steps, or resets, environments of all workers of a fleet without a message."""

import select
import time
from collections.abc import Sequence
from typing import Any
from weakref import ref

from rltools.errors import ClosedError
from rltools.process.channel import WorkerChannel
from rltools.process.fleet import Fleet
from rltools.process.pace import Pace
from rltools.process.patience import Patience, sched_yield
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
_FIRST_TOO_LARGE = 1024  # Of descriptors, for `select`.


class Lockstep:
    """Announces steps and resets to workers, and waits until all have carried them out.

    Args:
        fleet: The memory that the workers share.

    Attributes:
        channels: The ways to the workers, in the order of the fleet.
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
        self._pace = Pace(len(fleet.berths))
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
        self._is_reset = bool(flags & RESET_ONLY)
        pace = self._pace
        pace.begin(is_reset=self._is_reset)
        if number % _STEPS_BETWEEN_JUDGEMENTS == 1:
            pace.judge(signals.busy)
            signals.words[YIELD_FOR] = int(pace.workers_yield_for * 1e6)
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
        pace, patience = self._pace, self._patience
        if pace.awake_from and replies.tobytes() != wanted:
            end = pace.awake_from
            self._nap(end if deadline is None else min(end, deadline))
        patience.begin(pace.yields_for)
        for _ in patience.looks:
            if replies.tobytes() == wanted:
                break
            sched_yield()
        while replies.tobytes() != wanted:
            if not patience.yields() and not self._sleep(deadline):
                return False
        pace.end()
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
    def is_crowded(self) -> bool:
        """Whether some of the workers have no core to themselves."""
        return self._pace.is_crowded

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

    def _nap(self, end: float) -> None:
        """Sleep until a time of `time.monotonic`, or something has happened."""
        signals = self._signals
        signals.words[PARENT_ASLEEP] = 1
        fence()
        has_news: Sequence[int] = ()
        try:
            handles = [h for channel in self.channels for h, _ in channel.handles()]
            # `poll` knows full milliseconds only, and `select` small descriptors.
            is_possible = max(handles, default=0) < _FIRST_TOO_LARGE
            if is_possible and self.missing():
                seconds = max(0.0, end - time.monotonic())
                has_news, *_ = select.select(handles, [], [], seconds)
        except OSError:
            pass  # A signal handler has closed them, as whoever looks next will see.
        finally:
            signals.words[PARENT_ASLEEP] = 0
        if has_news:  # Or else what has woken it would do so in the next one, too.
            self._look(range(len(self.channels)))

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
