"""Carries requests to a worker and replies back, and notices when it dies."""

import select
import time
from collections import deque
from collections.abc import Callable
from multiprocessing.connection import Connection

from rltools.process.exit_status import explain_exit
from rltools.process.launcher import WorkerProcess
from rltools.process.protocol import Message
from rltools.process.request import Request

# What may be under way at once. Beyond it both sides' socket buffers could be full,
# and each side would wait for the other to read.
_MAX_REQUESTS = 64
_MAX_BYTES = 32 * 1024
# How long a worker that hung up may take to exit before it is made to.
_SECONDS_TO_EXIT = 1.0


class PipeTransport:
    """Sends messages through a socket, as pickles, and receives them in order.

    It is not thread-safe: its owner holds a lock.

    Args:
        process: The worker's process.
        connection: Its connection.

    Attributes:
        death: In words how the worker ended, or None while it lives.
    """

    def __init__(self, process: WorkerProcess, connection: Connection) -> None:
        self._process = process
        self._connection = connection
        self._under_way: deque[Request] = deque()
        self._poll = select.poll()
        self._poll.register(connection.fileno(), select.POLLIN)
        if process.exit_handle is not None:
            self._poll.register(process.exit_handle, select.POLLIN)
        self.death: str | None = None

    @property
    def idle(self) -> bool:
        """Whether no reply is awaited."""
        return not self._under_way

    def send(self, request: Request, body: bytes, deadline: float | None) -> bool:
        """Send a request; its `reply` is set by a later `receive`.

        With much under way it receives first. If the worker is dead, or dies of it,
        `death` says so and there will be no reply.

        Args:
            request: The request.
            body: Its pickled arguments.
            deadline: Time of `time.monotonic` to give up at; None to wait on.

        Returns:
            False if the deadline came first; nothing has been sent then.
        """
        while self.death is None and not self._has_room(len(body)):
            if not self.receive(deadline):
                return False
        if self.death is None:
            self._under_way.append(request)
            message = Message(request.number, request.command, body)
            self._exchange(lambda: self._connection.send_bytes(message.encode()))
        return True

    def can_send_at_once(self) -> bool:
        """Whether a small request could be sent without receiving first."""
        return self.death is None and self._has_room(0)

    def receive(self, deadline: float | None) -> bool:
        """Wait for one reply or the worker's death.

        Args:
            deadline: Time of `time.monotonic` to give up at; None to wait on.

        Returns:
            Whether one of them came.
        """
        wait = None if deadline is None else max(0.0, deadline - time.monotonic()) * 1e3
        ready = [descriptor for descriptor, _ in self._poll.poll(wait)]
        if not ready:
            return False
        # What was sent before a death is still there to be read.
        if self._connection.fileno() in ready:
            self._exchange(self._take_reply)
        else:
            self._bury()
        return True

    def close(self) -> None:
        """Hang up; the worker is taken to have ended."""
        if self.death is None:
            self.death = "has been closed"
        self._connection.close()

    def _take_reply(self) -> None:
        reply = Message.decode(self._connection.recv_bytes())
        request = self._under_way.popleft()
        assert request.number == reply.number, "replies come in the order of requests"
        request.reply = reply

    def _exchange(self, transfer: Callable[[], None]) -> None:
        try:
            transfer()
        except (EOFError, OSError):
            self._bury()
        except BaseException:
            # Such as Ctrl-C: with half a message transferred, no later one can be read.
            self._bury()
            raise

    def _has_room(self, size: int) -> bool:
        if not self._under_way:
            return True
        under_way = sum(request.size for request in self._under_way)
        return len(self._under_way) < _MAX_REQUESTS and under_way + size <= _MAX_BYTES

    def _bury(self) -> None:
        """Find out how the worker ended, or end it if it only hung up."""
        self._process.wait(_SECONDS_TO_EXIT)
        self._process.end()
        self.death = explain_exit(self._process.exit_code)
        if self._under_way:
            self.death += f" during {self._under_way[0].describe()}"
        self._connection.close()
