"""Carries requests to a worker and replies back, and notices when it dies."""

import select
import time
from collections.abc import Callable

from rltools.process import out_of_memory
from rltools.process.exchange import Exchange
from rltools.process.exit_status import explain_end
from rltools.process.fleet import Berth
from rltools.process.frames import FrameSocket
from rltools.process.launcher import WorkerProcess
from rltools.process.patience import Patience
from rltools.process.protocol import Command, Message
from rltools.process.request import Request

# How long a worker that hung up may take to exit before it is made to.
_SECONDS_TO_EXIT = 1.0
# Who sleeps looks again after this, even if nobody wakes it: a signal handler in the
# wait may have taken in what it waits for.
_MAX_MILLISECONDS = 50.0


class PipeTransport:
    """Sends messages through a socket and receives replies in their order.

    Nothing here waits longer than it is told to, not even for the rest of a message. It
    is not made for more than one thread: its owner holds a lock. A signal handler may
    interrupt it with another call, except in the very moment in which bytes are moved,
    where nobody knows which have been.

    Args:
        process: The worker's process.
        frames: The socket that leads to it.

    Attributes:
        death: In words how the worker ended, or None while it lives.
    """

    def __init__(self, process: WorkerProcess, frames: FrameSocket) -> None:
        self._process = process
        self._frames = frames
        self._exchange = Exchange(frames)
        self._patience = Patience()
        self._oom_kills = out_of_memory.count_kills()
        self._berth: Berth | None = None
        self._step: Request | None = None
        self.death: str | None = None

    @property
    def report(self) -> Message | None:
        """The last report of a step that was announced without a message."""
        return self._exchange.report

    @property
    def is_moving(self) -> bool:
        """See `Exchange`."""
        return self._exchange.is_moving

    @property
    def idle(self) -> bool:
        """Whether no reply is awaited."""
        return not self._exchange.under_way

    @property
    def berth(self) -> Berth | None:
        """The worker's place in shared memory, where messages are announced, too."""
        return self._berth

    @berth.setter
    def berth(self, berth: Berth | None) -> None:
        self._berth = berth
        if berth is not None:
            berth.begin(self._exchange.sent)
            self._disturb()

    def send(
        self,
        request: Request,
        body: bytes,
        deadline: float | None,
        *descriptors: int,
    ) -> None:
        """Send a request; its reply is set by a later `receive`.

        If the worker is dead there will be no reply, and `receive` finds out. What a
        busy worker or the deadline keeps from being sent is sent later on.

        Args:
            request: The request.
            body: Its pickled arguments.
            deadline: Time of `time.monotonic` to wait until at most, None for ever.
            *descriptors: Descriptors of files to send along. They must stay open until
                the reply is there.

        Raises:
            PendingCallError: A signal handler's call, in the middle of a message.
        """
        if self.death is not None:
            return
        self._exchange.check_not_moving(request)
        was_idle = self.idle
        self._disturb()
        message = Message(request.number, request.command, body)
        self._put(message, *descriptors, awaiting=request)
        while was_idle and self.death is None and not self._frames.flushed:
            if not self._pump(deadline):
                return

    def wake(self) -> None:
        """Wake the worker, which then looks into shared memory."""
        self._put(Message(0, Command.WAKE, b""))

    def receive(self, request: Request, deadline: float | None) -> bool:
        """Wait for the reply to a request or the worker's death.

        Args:
            request: The request; it has been sent.
            deadline: Time of `time.monotonic` to give up at; None to wait on.

        Returns:
            Whether one of them came.

        Raises:
            PendingCallError: A signal handler's call, in the middle of a message.
        """
        patience = self._patience
        patience.begin()
        while request.reply is None and self.death is None:
            self._exchange.check_not_moving(request)
            if self.transfer() or self.death is not None:
                continue
            if deadline is not None and time.monotonic() >= deadline:
                return False
            if not patience.yields() and not self._pump(deadline):
                return False
        patience.end()
        return True

    def handles(self) -> list[tuple[int, int]]:
        """Descriptors to be waited for, each with the events that matter.

        There are none once it is closed.
        """
        events = select.POLLIN | (0 if self._frames.flushed else select.POLLOUT)
        found = []
        if (handle := self._frames.fileno()) >= 0:
            found.append((handle, events))
        if (exit_handle := self._process.exit_handle) is not None:
            found.append((exit_handle, select.POLLIN))
        return found

    def look(self, step: Request | None = None) -> None:
        """Take in what has come, and note if the worker has died.

        Args:
            step: What it is doing, if that was announced without a message.
        """
        self._step = step
        try:
            if self.death is None and not self.transfer() and self._process.wait(0.0):
                self._bury()
        finally:
            self._step = None

    def give_up(self) -> None:
        """End the worker at once."""
        self._bury(given_up=True)

    def close(self, end: str = "has been closed") -> None:
        """Hang up; the worker is taken to have ended, as `end` puts it."""
        if self.death is None:
            self.death = end
        self._exchange.end()
        self._frames.close()

    def _put(
        self, message: Message, *descriptors: int, awaiting: Request | None = None
    ) -> None:
        def put() -> None:
            self._exchange.put(message, *descriptors, awaiting=awaiting)
            if self._berth is not None:
                self._berth.announce(self._exchange.sent)

        self._move(put)

    def _move(self, move: Callable[[], None]) -> None:
        """Move bytes; what keeps that from its end is the end of the worker."""
        if self._exchange.is_moving:  # It is a signal handler that interrupts it.
            self._bury(given_up=True)
        if self.death is not None:
            return
        try:
            move()
        except (EOFError, OSError):
            self._bury()
        except BaseException:  # Such as Ctrl-C: nobody knows what has been moved.
            self._bury(given_up=True)
            raise

    def _pump(self, deadline: float | None) -> bool:
        """Wait until something can be transferred, and transfer it."""
        # A poll of its own for each wait: a signal handler may begin another.
        poll = select.poll()
        handles = self.handles()
        if not handles:
            return True
        for handle, events in handles:
            poll.register(handle, events)
        wait = _MAX_MILLISECONDS
        if deadline is not None:
            wait = min(wait, max(0.0, deadline - time.monotonic()) * 1e3)
        ready = dict(poll.poll(wait))
        if not ready:
            return deadline is None or time.monotonic() < deadline
        if ready.get(self._frames.fileno(), 0):
            self.transfer()
        else:
            # What was sent before the death has been read by now. Or a signal
            # handler has closed the socket meanwhile, and this does nothing.
            self._bury()
        return True

    def transfer(self) -> bool:
        """Send and receive what can be now; returns whether a reply has come."""
        before = len(self._exchange.under_way)
        self._move(self._exchange.transfer)
        return len(self._exchange.under_way) != before

    def _bury(self, *, given_up: bool = False) -> None:
        """Find out how the worker ended, or end it."""
        if self.death is not None:
            return
        doing = self._step or next(iter(self._exchange.under_way), None)
        during = "" if doing is None else f" during {doing.describe()}"
        # First of all: whatever interrupts the rest must find it so.
        self.death = f"was given up{during}"
        if not given_up:
            self._process.wait(_SECONDS_TO_EXIT)
        self._process.end()
        if not given_up:
            self.death = explain_end(self._process.exit_code, self._oom_kills) + during
        self._exchange.end()
        self._frames.close()
        self._disturb()

    def _disturb(self) -> None:
        if self._berth is not None:
            self._berth.fleet.disturbed = True
