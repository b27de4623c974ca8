"""The way to an actor and back: sends requests, awaits replies, ends the actor."""

import itertools
import logging
import re
import threading
import time
from typing import Any

from rltools.cluster.interrupts import get_interruptibly, is_there
from rltools.cluster.messages import ColumnBytes, pack_message, unpack_message
from rltools.cluster.placement import Placement
from rltools.cluster.session import connect, make_actor, needs_of
from rltools.errors import (
    ClosedError,
    RemoteError,
    RequestTimeoutError,
    RLToolsError,
    WorkerDiedError,
)
from rltools.process.fleet import Berth
from rltools.process.protocol import Command, Message
from rltools.process.request import Request

_log = logging.getLogger(__name__)
# How long the cluster may take to notice that an actor has been ended.
_SECONDS_TO_END = 2.0


class ActorChannel:
    """Starts an actor and carries requests to it; see `Link`. Threads may share it.

    Args:
        index: What error messages call the worker.
        timeout: Seconds that a request may take; None for as long as it takes. The
            construction of environments has no limit.
        options: Those of the Ray actor.

    Attributes:
        index: See above.
        steps: How many steps the actor has been asked for.
        column_bytes: The columns, once they are known.
        berth: None, for no memory is shared.
    """

    idle = False  # No reply comes in shared memory.

    def __init__(
        self, *, index: int, timeout: float | None, options: dict[str, Any]
    ) -> None:
        self.index = index
        self.steps = 0
        self.column_bytes: ColumnBytes | None = None
        self.berth: Berth | None = None
        self._timeout = timeout
        self._ray = connect()
        self._actor = make_actor(options)
        self._placement = Placement(self._ray, self._actor, needs_of(options))
        self._numbers = itertools.count(1)
        self._lock = threading.RLock()
        self._deadline: float | None = None  # To end by, once it is being closed.
        self._closing: Request | None = None
        self._death: str | None = None

    @property
    def pid(self) -> int:
        """Process id of the actor, on its node; waits until it has been placed."""
        self._placement.wait(str(self))
        if self._placement.location is None:
            raise WorkerDiedError(
                f"{self} has died before it had a process id.", worker=self.index
            ) from self._placement.failure
        return self._placement.location.pid

    @property
    def closed(self) -> bool:
        """Whether the actor was closed, or is being closed."""
        return self._deadline is not None

    def send(self, request: Request, body: bytes, *descriptors: int) -> Request:
        """Number a request and send it; returns it.

        Raises:
            WorkerDiedError: The actor has died before.
        """
        with self._lock:
            if request.command in (Command.STEP, Command.STEP_ROWS):
                self.steps += 1
            request.step = self.steps
            request.number = next(self._numbers)
            self._check_connected()
            if self._death is not None:
                raise self._gone(request)
            columns = b""
            if request.command is Command.STEP_ROWS:
                assert self.column_bytes is not None
                columns = self.column_bytes.pack_inputs()
            message = pack_message(request.command, columns, body)
            request.carrier = self._actor.ask.remote(message)
        return request

    def wait(self, request: Request, timeout: float | None = None) -> Any:
        """Wait for the result of a request, for `timeout` seconds or its own limit.

        Raises:
            RequestTimeoutError: It did not come in time; it can be asked for again.
            WorkerError, NotPicklableError: What went wrong there.
        """
        if request.reply is None:
            if request.command is Command.BUILD:
                self._placement.wait(str(self), timeout)
            elif timeout is None:
                timeout = self._timeout
            self._take(request, self._get(request, timeout))
        return request.result(self.index, str(self))

    def ready(self, request: Request) -> bool:
        """Whether `wait` would return at once."""
        if request.reply is not None or not self._ray.is_initialized():
            return True
        return is_there(self._ray, request.carrier, timeout=0)

    def kill(self) -> None:
        """End the actor at once, whatever it is doing."""
        self._death = self._death or "was ended"
        if self._ray.is_initialized():
            self._ray.kill(self._actor)

    def start_close(self, deadline: float) -> None:
        """Ask the actor to close its environments; does not wait.

        Args:
            deadline: Time of `time.monotonic` by which `close` will end it by force.
        """
        if self._deadline is not None:
            return
        is_placed = self._placement.look() is not None  # If not, it may never be.
        self._deadline = deadline
        try:
            if is_placed:
                self._closing = self.send(Request(Command.CLOSE, "close"), b"")
        except RLToolsError as error:
            _log.debug("%s", error)  # It has died before.

    def close(self) -> None:
        """End the actor: by force if it has not ended in time. Never raises."""
        assert self._deadline is not None, "start_close comes first"
        try:
            if self._closing is not None:
                self._await_close(self._closing)
            self.kill()
            self._await_end()
        except Exception as error:
            # Such as that of a cluster which is gone. What goes wrong now must not keep
            # the caller from its own clean-up.
            _log.warning("%s could not be ended: %s", self, error)
        self.column_bytes = None

    def __str__(self) -> str:
        location = self._placement.look()
        if location is None:
            return f"Worker {self.index} (not placed)"
        return f"Worker {self.index} (pid {location.pid} on {location.node})"

    def _get(self, request: Request, timeout: float | None) -> bytes:
        """The reply to a request, as it came."""
        exceptions = self._ray.exceptions
        self._check_connected()
        try:
            return get_interruptibly(self._ray, request.carrier, timeout)
        except exceptions.GetTimeoutError as error:
            raise request.late(self.index, str(self), timeout) from error
        except exceptions.RayError as error:
            if self._death is None:
                # One that can't be reached now must not come back later.
                self.kill()
                self._death = f"has died: {_in_short(error)}"
            raise self._gone(request) from error

    def _take(self, request: Request, reply: bytes) -> None:
        status, columns, body = unpack_message(reply)
        with self._lock:
            if columns and self.column_bytes is not None:  # Else it is being closed.
                self.column_bytes.unpack_outputs(columns)
            request.accept(Message(request.number, status, body))

    def _check_connected(self) -> None:
        """Ray would connect again by itself, to a cluster without this actor."""
        if self._death is None and not self._ray.is_initialized():
            self._death = "has ended with the connection to its cluster"

    def _await_close(self, closing: Request) -> None:
        assert self._deadline is not None
        try:
            self.wait(closing, max(0.0, self._deadline - time.monotonic()))
        except RemoteError as error:
            _log.warning("%s", error)
        except RequestTimeoutError:
            _log.debug("%s does not close its environments in time.", self)
        except ClosedError:
            _log.debug("%s had ended before it was asked to.", self)

    def _await_end(self) -> None:
        """Wait until the cluster says that the actor is no more."""
        if self._ray.is_initialized():
            asked = self._actor.locate.remote()
            is_there(self._ray, asked, timeout=_SECONDS_TO_END)

    def _gone(self, request: Request) -> WorkerDiedError | ClosedError:
        if self._deadline is not None:
            return request.closed(str(self))
        return WorkerDiedError(
            f"{self}: no result of {request.describe()}, because the actor "
            f"{self._death}",
            **request.context(self.index),
        )


def _in_short(error: Exception) -> str:
    """What Ray says, without what is known anyway and without its advice."""
    text = " ".join(str(error).split())
    text = re.sub(r" class_name: .* ip: \S+", "", text)
    return text.partition(" Some common causes include:")[0]
