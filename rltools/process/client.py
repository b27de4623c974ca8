"""The parent's side of a worker: numbers requests and promises their results."""

import itertools
import logging
import sys
import threading
import time
import weakref
from collections.abc import Callable
from typing import Any

from rltools.errors import (
    ClosedError,
    NotPicklableError,
    RemoteError,
    RequestTimeoutError,
    WorkerDiedError,
)
from rltools.process import live_workers
from rltools.process.frames import FrameSocket
from rltools.process.launcher import WorkerProcess, launch
from rltools.process.promise import Promise
from rltools.process.protocol import Command, dumps, dumps_by_value
from rltools.process.registrations import pack_registrations
from rltools.process.request import Request
from rltools.process.transport import PipeTransport

_log = logging.getLogger(__name__)
_indices = itertools.count()


class WorkerClient:
    """Starts a worker and talks to it. Threads may share it.

    Args:
        constructor: Makes the environment, in the worker.
        timeout: Seconds that a request may take; None for as long as it takes. The
            construction has no limit.

    Attributes:
        index: What error messages call the worker: its place in a batch, or how many
            workers this process had started before.

    Raises:
        NotPicklableError: The constructor can't be pickled.
    """

    def __init__(
        self, constructor: Callable[[], Any], *, timeout: float | None = None
    ) -> None:
        arguments = (
            _pickled("constructor", constructor, dumps_by_value),
            pack_registrations(),
            sys.argv,
        )
        self.index = next(_indices)
        self._timeout = timeout
        self._numbers = itertools.count()
        self._steps = 0
        self._lock = threading.RLock()
        self._deadline: float | None = None  # To end by, once it is being closed.
        self._closing: Promise | None = None
        self._process, frames = launch()
        self._finalizer = weakref.finalize(self, _let_go, self._process, frames)
        self._finalizer.atexit = False  # `live_workers` closes more gently.
        self._transport = PipeTransport(self._process, frames)
        live_workers.add(self)
        self._constructed = self._send(
            Command.CONSTRUCT, dumps(arguments), "constructor"
        )

    @property
    def pid(self) -> int:
        """Process id of the worker, which also leads its process group."""
        return self._process.pid

    def constructed(self) -> dict[str, Any]:
        """Wait for the environment; returns its spaces, metadata and render mode.

        Raises:
            RemoteError: The constructor raised.
            WorkerDiedError: The worker died first.
        """
        return self._constructed()

    def request(self, command: Command, *arguments: Any, label: str) -> Promise:
        """Ask the worker for something; returns the promise of its result.

        Raises:
            ClosedError: The worker has been closed.
            NotPicklableError: An argument can't be pickled.
            WorkerDiedError: The worker has died before.
        """
        if self._deadline is not None:
            raise ClosedError(f"{self} has been closed: it can't do {label!r}.")
        self.constructed()
        return self._send(command, _pickled(label, arguments, dumps), label)

    def start_close(self, deadline: float) -> None:
        """Ask the worker to close its environment and to end; does not wait.

        Args:
            deadline: Time of `time.monotonic` by which `close` will end it by force.
        """
        if self._deadline is not None:
            return
        self._deadline = deadline
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

    @property
    def closed(self) -> bool:
        """Whether the worker was closed, or is being closed."""
        return self._deadline is not None

    def __str__(self) -> str:
        return f"Worker {self.index} (pid {self.pid})"

    def _send_close(self) -> None:
        if self._closing is None and self._transport.death is None:
            self._closing = self._send(Command.CLOSE, dumps(()), "close")

    def _await_end(self, deadline: float) -> None:
        transport = self._transport
        while transport.death is None and not transport.idle:
            if not transport.receive(deadline):
                break
        if self._closing is not None and self._closing.ready():
            # What goes wrong now must not keep the caller from its own clean-up.
            try:
                self._closing()
            except RemoteError as error:
                _log.warning("%s", error)
            except ClosedError:
                _log.debug("%s had ended before it was asked to.", self)
            self._process.wait(deadline - time.monotonic())
        transport.close()

    def _send(self, command: Command, body: bytes, label: str) -> Promise:
        deadline = self._deadline_in(self._timeout)
        if command in (Command.CONSTRUCT, Command.CLOSE):
            deadline = time.monotonic()  # So that many start, and end, together.
        if not self._acquire(deadline):
            raise self._late(Request(-1, command, label, self._steps), self._timeout)
        try:
            if command is Command.STEP:
                self._steps += 1
            request = Request(next(self._numbers), command, label, self._steps)
            if self._transport.death is not None:
                raise self._gone(request)
            self._transport.send(request, body, deadline)
        finally:
            self._lock.release()
        return Promise(
            lambda timeout: self._wait(request, timeout), lambda: self._ready(request)
        )

    def _acquire(self, deadline: float | None) -> bool:
        if deadline is None:
            return self._lock.acquire()
        remaining = min(max(0.0, deadline - time.monotonic()), threading.TIMEOUT_MAX)
        return self._lock.acquire(timeout=remaining)

    def _wait(self, request: Request, timeout: float | None) -> Any:
        if timeout is None and request.command is not Command.CONSTRUCT:
            timeout = self._timeout
        deadline = self._deadline_in(timeout)
        if not self._acquire(deadline):
            raise self._late(request, timeout)
        try:
            while request.reply is None:
                if self._transport.death is not None:
                    raise self._gone(request)
                if not self._transport.receive(deadline):
                    raise self._late(request, timeout)
        finally:
            self._lock.release()
        return request.result(self.index, str(self))

    def _ready(self, request: Request) -> bool:
        if self._lock.acquire(blocking=False):
            try:
                while request.reply is None and self._transport.death is None:
                    if not self._transport.receive(time.monotonic()):
                        return False
            finally:
                self._lock.release()
        return request.reply is not None or self._transport.death is not None

    @staticmethod
    def _deadline_in(timeout: float | None) -> float | None:
        return None if timeout is None else time.monotonic() + timeout

    def _late(self, request: Request, timeout: float | None) -> RequestTimeoutError:
        return RequestTimeoutError(
            f"{self} has not answered {request.describe()} within {timeout} seconds.",
            worker=self.index,
            command=request.label,
            step=request.step,
        )

    def _gone(self, request: Request) -> WorkerDiedError | ClosedError:
        if self._deadline is not None:
            return ClosedError(f"{self} was closed before {request.describe()} ended.")
        return WorkerDiedError(
            f"{self} {self._transport.death}: no result of {request.describe()}.",
            exit_code=self._process.exit_code,
            worker=self.index,
            command=request.label,
            step=request.step,
        )


def _let_go(process: WorkerProcess, frames: FrameSocket) -> None:
    process.end()
    frames.close()


def _pickled(label: str, value: Any, pickler: Callable[[Any], bytes]) -> bytes:
    try:
        return pickler(value)
    except Exception as error:
        raise NotPicklableError(
            f"{label}: what is given to it must cross to another process, but can't "
            f"be pickled: {type(error).__name__}: {error}"
        ) from error
