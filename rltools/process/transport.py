"""Carries requests to a worker and replies back, and notices when it dies."""

import select
import time
from collections import deque

from rltools.process import out_of_memory
from rltools.process.bell import (
    IN_SOCKET,
    SAME_STEP,
    SECONDS_TO_LOOK_AGAIN,
    Bell,
)
from rltools.process.exit_status import explain_exit
from rltools.process.frames import FrameSocket
from rltools.process.launcher import WorkerProcess
from rltools.process.patience import Patience
from rltools.process.protocol import Command, Message, Status, dumps
from rltools.process.request import Request

# How long a worker that hung up may take to exit before it is made to.
_SECONDS_TO_EXIT = 1.0
# More than the kernel can count to is waited for in parts.
_MAX_MILLISECONDS = 3_600_000.0
# The arguments of steps that need no message: their actions are in shared memory.
_ANNOUNCED_AS = {b"": 0, dumps((None, True)): SAME_STEP}


class PipeTransport:
    """Sends messages through a socket and receives replies in their order.

    Nothing here waits longer than it is told to, not even for the rest of a message. It
    is not made for more than one thread: its owner holds a lock. A signal handler may
    interrupt it with another call.

    Args:
        process: The worker's process.
        frames: The socket that leads to it.

    Attributes:
        bell: By which steps are announced, once there is shared memory.
        death: In words how the worker ended, or None while it lives.
    """

    def __init__(self, process: WorkerProcess, frames: FrameSocket) -> None:
        self._process = process
        self._frames = frames
        self._under_way: deque[Request] = deque()
        self._patience = Patience()
        self._oom_kills = out_of_memory.count_kills()
        # Number and arguments of a step that was announced, and not sent.
        self._announced = 0
        self._announced_body = b""
        self.bell: Bell | None = None
        self.death: str | None = None

    @property
    def idle(self) -> bool:
        """Whether no reply is awaited."""
        return not self._under_way

    def send(self, request: Request, body: bytes, deadline: float | None) -> None:
        """Send a request; its reply is set by a later `receive`.

        If the worker is dead there will be no reply, and `receive` finds out. What a
        busy worker or the deadline keeps from being sent is sent later on.

        Args:
            request: The request.
            body: Its pickled arguments.
            deadline: Time of `time.monotonic` to wait until at most, None for ever.
        """
        if self.death is not None:
            return
        was_idle = self.idle
        try:
            self._under_way.append(request)
            is_step = request.command is Command.STEP_ROWS
            if was_idle and self.bell and is_step and body in _ANNOUNCED_AS:
                self._announce(request, body)
                return
            self._send_announced()
            self._put(Message(request.number, request.command, body))
            if self.bell is not None:
                self.bell.announce_request(request.number, IN_SOCKET)
        except BaseException:
            # Interrupted, nobody knows whether the request is on its way.
            self._bury(given_up=True)
            raise
        while was_idle and self.death is None and not self._frames.flushed:
            if not self._pump(deadline):
                return

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
            if self._look() or self.death is not None:
                break
            if deadline is not None and time.monotonic() >= deadline:
                return False
            if not patience.yields() and not self._sleep(deadline):
                return False
        patience.end()
        return True

    def close(self) -> None:
        """Hang up; the worker is taken to have ended."""
        if self.death is None:
            self.death = "has been closed"
        self._frames.close()

    def _announce(self, request: Request, body: bytes) -> None:
        assert self.bell is not None
        self._announced, self._announced_body = request.number, body
        if self.bell.announce_request(request.number, _ANNOUNCED_AS[body]):
            self._send_announced()

    def _send_announced(self) -> None:
        """Send the step that was announced: the worker sleeps, or more is to follow."""
        number, self._announced = self._announced, 0
        if number and self._under_way[0].number == number:
            self._put(Message(number, Command.STEP_ROWS, self._announced_body))

    def _put(self, message: Message) -> None:
        self._frames.put(message)
        try:
            self._frames.send_some()
        except OSError:  # It is gone; what it had sent before can still be read.
            self._receive_some()

    def _look(self) -> bool:
        """See whether a reply has come."""
        head, bell = self._under_way[0], self.bell
        if head.command is Command.STEP_ROWS and bell is not None:
            number, flags = bell.reply()
            if number == head.number and not flags & IN_SOCKET:
                self._accept(Message(number, Status.RETURNED, b""))
                return True
            if number < head.number and self._patience.is_short:
                return False  # It is not worth a system call.
        return self._transfer()

    def _sleep(self, deadline: float | None) -> bool:
        """Wait for the socket; returns whether there may be more to wait for."""
        bell = self.bell  # Whoever closes the worker meanwhile takes it away.
        if bell is None:
            return self._pump(deadline)
        bell.parent_sleeps(True)
        try:
            under_way = len(self._under_way)
            again = time.monotonic() + SECONDS_TO_LOOK_AGAIN
            if deadline is not None:
                again = min(again, deadline)
            for until in (again, deadline):
                if self._look() or self.death is not None or self._pump(until):
                    return True
                if self.death is not None or len(self._under_way) != under_way:
                    return True
            return False
        finally:
            bell.parent_sleeps(False)

    def _pump(self, deadline: float | None) -> bool:
        """Wait until something can be transferred, and transfer it."""
        # A poll of its own for each wait: a signal handler may begin another.
        poll = select.poll()
        events = select.POLLIN | (0 if self._frames.flushed else select.POLLOUT)
        poll.register(self._frames.fileno(), events)
        if self._process.exit_handle is not None:
            poll.register(self._process.exit_handle, select.POLLIN)
        wait = _MAX_MILLISECONDS
        if deadline is not None:
            wait = min(wait, max(0.0, deadline - time.monotonic()) * 1e3)
        ready = dict(poll.poll(wait))
        if not ready:
            return deadline is None or time.monotonic() < deadline
        if ready.get(self._frames.fileno(), 0):
            self._transfer()
        else:
            # What was sent before the death has been read by now. Or a signal
            # handler has closed the socket meanwhile, and this does nothing.
            self._bury()
        return True

    def _transfer(self) -> bool:
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
            while self._under_way and (reply := self._frames.receive_some()):
                self._accept(reply)
        except (EOFError, OSError):
            self._bury()
        return len(self._under_way) != under_way

    def _accept(self, reply: Message) -> None:
        under_way = self._under_way
        if reply.number < under_way[0].number:
            return  # It has been seen before it was sent.
        if reply.number > under_way[0].number:
            # The reply to a step that was announced only, and by now another one is.
            step = under_way.popleft()
            if step.command is not Command.STEP_ROWS or not under_way:
                raise OSError("replies come in the order of requests")
            step.accept(Message(step.number, Status.RETURNED, b""))
        request = under_way.popleft()
        if request.number != reply.number:
            raise OSError("replies come in the order of requests")
        request.accept(reply)

    def _bury(self, *, given_up: bool = False) -> None:
        """Find out how the worker ended, or end it."""
        if self.death is not None:
            return
        during = f" during {self._under_way[0].describe()}" if self._under_way else ""
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
        self._frames.close()
