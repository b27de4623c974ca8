"""Puts requests on the way to a worker, and takes in its replies in their order."""

from collections import deque

from rltools.errors import PendingCallError
from rltools.process.frames import FrameSocket
from rltools.process.protocol import Message, Status
from rltools.process.request import Request


class Exchange:
    """What is on its way through a socket; nothing here waits.

    Whoever is interrupted while bytes are moved, be it by an error, can't go on: nobody
    knows which have been.

    Args:
        frames: The socket.

    Attributes:
        under_way: The requests that have no reply yet, in their order.
        sent: How many messages have been put on their way.
        report: The last report of a step that was announced without a message.
        is_moving: Whether bytes are moved, or were when that was interrupted. Who finds
            it so is a signal handler, or too late.
    """

    def __init__(self, frames: FrameSocket) -> None:
        self._frames = frames
        self.under_way: deque[Request] = deque()
        self.sent = 0
        self.report: Message | None = None
        self.is_moving = False

    def put(
        self, message: Message, *descriptors: int, awaiting: Request | None = None
    ) -> None:
        """Put a message on its way, with descriptors.

        Args:
            message: The message.
            *descriptors: Descriptors of files to send along.
            awaiting: The request that it is for, if it gets a reply.

        Raises:
            EOFError, OSError: The other side is gone.
        """
        self.is_moving = True
        if awaiting is not None:
            self.under_way.append(awaiting)
        self._frames.put(message, *descriptors)
        self.sent += 1
        try:
            self._frames.send_some()
        except OSError:  # It is gone; what it had sent before can still be read.
            self._receive_some()
        self.is_moving = False

    def transfer(self) -> None:
        """Send and receive what can be now.

        Raises:
            EOFError, OSError: The other side is gone.
        """
        self.is_moving = True
        try:
            if not self._frames.flushed:
                self._frames.send_some()
        except OSError:
            pass  # It is gone; what it had sent before can still be read.
        self._receive_some()
        self.is_moving = False

    def check_not_moving(self, request: Request) -> None:
        """Check that something can be done about a request.

        Raises:
            PendingCallError: A signal handler asks, in the middle of a message.
        """
        if self.is_moving:
            raise PendingCallError(
                f"A signal handler can't ask for {request.describe()} at this moment: "
                "it has interrupted another call in the middle of a message."
            )

    def end(self) -> None:
        """Note that it has ended, and let go of memory for what could have come."""
        self.is_moving = False  # What was in its way when it ended is not any more.
        for request in self.under_way:
            request.observs = None

    def _receive_some(self) -> None:
        while (reply := self._frames.receive_some()) is not None:
            self._accept(reply)

    def _accept(self, reply: Message) -> None:
        if reply.kind == Status.REPORTED:
            self.report = reply
        elif reply.kind != Status.WOKEN:
            request = self.under_way.popleft() if self.under_way else None
            if request is None or request.number != reply.number:
                raise OSError("replies come in the order of requests")
            request.accept(reply)
