"""The way to a worker and back: sends requests, awaits replies, ends the process."""

import itertools
import logging
import threading
import time
import weakref
from typing import Any

from rltools.errors import (
    ClosedError,
    RemoteError,
    RequestTimeoutError,
    WorkerDiedError,
)
from rltools.process import live_workers
from rltools.process.fleet import Berth
from rltools.process.frames import FrameSocket
from rltools.process.launcher import WorkerProcess, launch
from rltools.process.protocol import Command, Message
from rltools.process.request import Request
from rltools.process.transport import PipeTransport

_log = logging.getLogger(__name__)
# So that many workers start, and end, together.
_NEVER_WAITED_FOR = (Command.BUILD, Command.PLACE, Command.MOVE_IN, Command.CLOSE)


class WorkerChannel:
    """Starts a worker's process and carries requests to it. Threads may share it.

    Args:
        index: What error messages call the worker.
        timeout: Seconds that a request may take; None for as long as it takes. The
            construction of environments has no limit.
        threads: Threads of the worker's numerical libraries; see `launch`.

    Attributes:
        index: See above.
        steps: How many steps the worker has been asked for.
    """

    def __init__(
        self,
        *,
        index: int,
        timeout: float | None,
        threads: int | None,
    ) -> None:
        self.index = index
        self.steps = 0
        self._timeout = timeout
        self._numbers = itertools.count(1)
        self._lock = threading.RLock()
        self._deadline: float | None = None  # To end by, once it is being closed.
        self._closing: Request | None = None
        self._process, frames = launch(threads=threads)
        self._finalizer = weakref.finalize(self, _let_go, self._process, frames)
        self._finalizer.atexit = False  # `live_workers` closes more gently.
        self._transport = PipeTransport(self._process, frames)
        live_workers.add(self)

    @property
    def pid(self) -> int:
        """Process id of the worker, which also leads its process group."""
        return self._process.pid

    @property
    def timeout(self) -> float | None:
        """Seconds that a request may take; None for as long as it takes."""
        return self._timeout

    @property
    def berth(self) -> Berth | None:
        """The worker's place in shared memory, once it has one."""
        return self._transport.berth

    @berth.setter
    def berth(self, berth: Berth | None) -> None:
        self._transport.berth = berth

    @property
    def idle(self) -> bool:
        """Whether no reply is awaited."""
        return self._transport.idle

    @property
    def dead(self) -> bool:
        """Whether the worker is known to have died."""
        return self._transport.death is not None

    @property
    def closed(self) -> bool:
        """Whether the worker was closed, or is being closed."""
        return self._deadline is not None

    def send(self, request: Request, body: bytes, *descriptors: int) -> Request:
        """Number a request and send it; returns it. See `PipeTransport.send`.

        Raises:
            RequestTimeoutError: Another thread keeps the worker busy.
            WorkerDiedError: The worker has died before.
        """
        timeout = 0 if request.command in _NEVER_WAITED_FOR else self._timeout
        deadline = self._deadline_in(timeout)
        if not self._acquire(deadline):
            raise self.late(request, self._timeout)
        try:
            if request.command is Command.STEP or request.command is Command.STEP_ROWS:
                self.steps += 1
            request.step = self.steps
            request.number = next(self._numbers)
            if self._transport.death is not None:
                raise self.gone(request)
            self._transport.send(request, body, deadline, *descriptors)
        finally:
            self._lock.release()
        return request

    def wait(self, request: Request, timeout: float | None = None) -> Any:
        """Wait for the result of a request, for `timeout` seconds or its own limit.

        Raises:
            RequestTimeoutError: It did not come in time; it can be asked for again.
            WorkerError, NotPicklableError: What went wrong there.
        """
        if request.reply is None:
            self._await_reply(request, timeout)
        return request.result(self.index, str(self))

    def ready(self, request: Request) -> bool:
        """Whether `wait` would return at once."""
        if self._lock.acquire(blocking=False):
            try:
                if not self._transport.is_moving:
                    self._transport.receive(request, time.monotonic())
            finally:
                self._lock.release()
        return request.reply is not None or self._transport.death is not None

    def wake(self) -> None:
        """Have the worker look into shared memory, if it sleeps."""
        with self._lock:
            self._transport.wake()

    def look(self, step: Request | None = None) -> None:
        """Take in what has come, and note if the worker has died; does not wait.

        Args:
            step: What it is doing, if that was announced without a message.
        """
        if self._lock.acquire(blocking=False):  # Else another thread does so.
            try:
                self._transport.look(step)
            finally:
                self._lock.release()

    def report(self, number: int) -> Message | None:
        """The report of a step that was announced; the worker has sent it.

        Returns:
            None if it can't be read any more: Ctrl-C struck while it was.
        """
        with self._lock:
            transport = self._transport
            while transport.report is None or transport.report.number != number:
                if transport.death is not None:
                    return None
                transport.look()
            return transport.report

    def handles(self) -> list[tuple[int, int]]:
        """Descriptors that tell when `look` has something to see, and for which events.

        There are none for a worker that has died.
        """
        return [] if self.dead else self._transport.handles()

    def kill(self) -> None:
        """End the worker at once, whatever it is doing: it has failed."""
        self._process.end()
        with self._lock:
            self._transport.close("was given up")

    def start_close(self, deadline: float) -> None:
        """Ask the worker to close its environments and to end; does not wait.

        Args:
            deadline: Time of `time.monotonic` by which `close` will end it by force.
        """
        if self._deadline is not None:
            return
        self._deadline = deadline
        if self.berth is not None:
            self.berth.fleet.disturbed = True
        if self._lock.acquire(blocking=False):  # Else a thread waits for a reply.
            try:
                self._send_close()
            finally:
                self._lock.release()

    def close(self) -> None:
        """End the worker: by force if it has not ended in time. Never raises."""
        assert self._deadline is not None, "start_close comes first"
        remaining = max(0.0, self._deadline - time.monotonic())
        if self._lock.acquire(timeout=remaining):
            try:
                self._send_close()
                self._await_end(self._deadline)
            finally:
                self._lock.release()
        self._process.end()

    def abandon(self) -> None:
        """Let go of a worker that belongs to the process this one was forked from."""
        self._finalizer.detach()
        self._lock = threading.RLock()  # A thread of the parent may have held it.
        self._deadline = 0.0
        self._process.abandon()
        self._transport.close()
        if self.berth is not None:
            self.berth.leave()

    def __str__(self) -> str:
        return f"Worker {self.index} (pid {self.pid})"

    def _send_close(self) -> None:
        if self._transport.is_moving:  # A signal handler closes it.
            self._transport.give_up()
        if self._closing is None and self._transport.death is None:
            self._closing = self.send(Request(Command.CLOSE, "close"), b"")

    def _await_end(self, deadline: float) -> None:
        transport = self._transport
        if self._closing is not None and transport.receive(self._closing, deadline):
            # What goes wrong now must not keep the caller from its own clean-up.
            try:
                self.wait(self._closing)
            except RemoteError as error:
                _log.warning("%s", error)
            except ClosedError:
                _log.debug("%s had ended before it was asked to.", self)
            self._process.wait(deadline - time.monotonic())
        transport.close()

    def _acquire(self, deadline: float | None) -> bool:
        if deadline is None:
            return self._lock.acquire()
        remaining = min(max(0.0, deadline - time.monotonic()), threading.TIMEOUT_MAX)
        return self._lock.acquire(timeout=remaining)

    def _await_reply(self, request: Request, timeout: float | None) -> None:
        if timeout is None and request.command is not Command.BUILD:
            timeout = self._timeout
        deadline = self._deadline_in(timeout)
        if not self._acquire(deadline):
            raise self.late(request, timeout)
        try:
            if not self._transport.receive(request, deadline):
                raise self.late(request, timeout)
            if request.reply is None:
                raise self.gone(request)
        finally:
            self._lock.release()

    @staticmethod
    def _deadline_in(timeout: float | None) -> float | None:
        return None if timeout is None else time.monotonic() + timeout

    def late(self, request: Request, timeout: float | None) -> RequestTimeoutError:
        """The error for a request that has not been answered in time."""
        return request.late(self.index, str(self), timeout)

    def gone(self, request: Request) -> WorkerDiedError | ClosedError:
        """The error for a request that will not be answered any more."""
        if self._deadline is not None:
            return request.closed(str(self))
        return WorkerDiedError(
            f"{self} {self._transport.death}: no result of {request.describe()}.",
            exit_code=self._process.exit_code,
            **request.context(self.index),
        )


def _let_go(process: WorkerProcess, frames: FrameSocket) -> None:
    process.end()
    frames.close()
