"""Carries requests to a worker and replies back, and notices when it dies."""

import select
import time
from collections import deque

from rltools.process import out_of_memory
from rltools.process.exit_status import explain_exit
from rltools.process.fleet import Berth
from rltools.process.frames import FrameSocket
from rltools.process.launcher import WorkerProcess
from rltools.process.patience import Patience
from rltools.process.protocol import Command, Message, Status
from rltools.process.request import Request

# How long a worker that hung up may take to exit before it is made to.
_SECONDS_TO_EXIT = 1.0
# More than the kernel can count to is waited for in parts.
_MAX_MILLISECONDS = 3_600_000.0


class PipeTransport:
    """Sends messages through a socket and receives replies in their order.

    Nothing here waits longer than it is told to, not even for the rest of a message. It
    is not made for more than one thread: its owner holds a lock. A signal handler may
    interrupt it with another call.

    Args:
        process: The worker's process.
        frames: The socket that leads to it.

    Attributes:
        death: In words how the worker ended, or None while it lives.
        report: The last report of a step that was announced without a message.
    """

    def __init__(self, process: WorkerProcess, frames: FrameSocket) -> None:
        self._process = process
        self._frames = frames
        self._under_way: deque[Request] = deque()
        self._patience = Patience()
        self._oom_kills = out_of_memory.count_kills()
        self._berth: Berth | None = None
        self._sent = 0  # Messages.
        self._step: Request | None = None
        self.death: str | None = None
        self.report: Message | None = None

    @property
    def idle(self) -> bool:
        """Whether no reply is awaited."""
        return not self._under_way

    @property
    def berth(self) -> Berth | None:
        """The worker's place in shared memory, where messages are announced, too."""
        return self._berth

    @berth.setter
    def berth(self, berth: Berth | None) -> None:
        self._berth = berth
        if berth is not None:
            berth.begin(self._sent)
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
        """
        if self.death is not None:
            return
        was_idle = self.idle
        self._disturb()
        try:
            self._under_way.append(request)
            self._put(Message(request.number, request.command, body), *descriptors)
        except BaseException:
            # Interrupted, nobody knows whether the request is on its way.
            self._bury(given_up=True)
            raise
        while was_idle and self.death is None and not self._frames.flushed:
            if not self._pump(deadline):
                return

    def wake(self) -> None:
        """Wake the worker, which then looks into shared memory."""
        if self.death is None:
            try:
                self._put(Message(0, Command.WAKE, b""))
            except BaseException:
                self._bury(given_up=True)
                raise

    def receive(self, deadline: float | None) -> bool:
        """Wait for a reply or the worker's death.

        Args:
            deadline: Time of `time.monotonic` to give up at; None to wait on.

        Returns:
            Whether one of them came, or may have come.
        """
        under_way = len(self._under_way)
        patience = self._patience
        patience.begin()
        while self.death is None and len(self._under_way) == under_way:
            if self.transfer() or self.death is not None:
                break
            if deadline is not None and time.monotonic() >= deadline:
                return False
            if not patience.yields() and not self._pump(deadline):
                return False
        patience.end()
        return True

    def handles(self) -> list[tuple[int, int]]:
        """Descriptors to be waited for, each with the events that matter."""
        events = select.POLLIN | (0 if self._frames.flushed else select.POLLOUT)
        found = [(self._frames.fileno(), events)]
        if self._process.exit_handle is not None:
            found.append((self._process.exit_handle, select.POLLIN))
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

    def close(self) -> None:
        """Hang up; the worker is taken to have ended."""
        if self.death is None:
            self.death = "has been closed"
        self._forget_rows()
        self._frames.close()

    def _put(self, message: Message, *descriptors: int) -> None:
        self._frames.put(message, *descriptors)
        self._sent += 1
        try:
            self._frames.send_some()
        except OSError:  # It is gone; what it had sent before can still be read.
            self._receive_some()
        if self._berth is not None:
            self._berth.announce(self._sent)

    def _pump(self, deadline: float | None) -> bool:
        """Wait until something can be transferred, and transfer it."""
        # A poll of its own for each wait: a signal handler may begin another.
        poll = select.poll()
        for handle, events in self.handles():
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
        try:
            try:
                if not self._frames.flushed:
                    self._frames.send_some()
            except OSError:
                pass  # It is gone; what it had sent before can still be read.
            return self._receive_some()
        except BaseException:
            # Such as Ctrl-C, at a moment when it may have cost a part of a message.
            self._bury(given_up=True)
            raise

    def _receive_some(self) -> bool:
        under_way = len(self._under_way)
        try:
            while (reply := self._frames.receive_some()) is not None:
                self._accept(reply)
        except (EOFError, OSError):
            self._bury()
        return len(self._under_way) != under_way

    def _accept(self, reply: Message) -> None:
        if reply.kind == Status.REPORTED:
            self.report = reply
        elif reply.kind != Status.WOKEN:
            request = self._under_way.popleft() if self._under_way else None
            if request is None or request.number != reply.number:
                raise OSError("replies come in the order of requests")
            request.accept(reply)

    def _bury(self, *, given_up: bool = False) -> None:
        """Find out how the worker ended, or end it."""
        if self.death is not None:
            return
        doing = self._step or (self._under_way[0] if self._under_way else None)
        during = "" if doing is None else f" during {doing.describe()}"
        # First of all: whatever interrupts the rest must find it so.
        self.death = f"was given up{during}"
        if not given_up:
            self._process.wait(_SECONDS_TO_EXIT)
        self._process.end()
        if not given_up:
            cause = explain_exit(self._process.exit_code)
            if out_of_memory.explains(self._process.exit_code, self._oom_kills):
                cause += ", out of memory by all appearances,"
            self.death = cause + during
        self._forget_rows()
        self._frames.close()
        self._disturb()

    def _forget_rows(self) -> None:
        """Let go of memory in which observations could come, had it gone on."""
        for request in self._under_way:
            request.observs = None

    def _disturb(self) -> None:
        if self._berth is not None:
            self._berth.fleet.disturbed = True
