"""The worker's end of the line: requests that come, and replies that go."""

import select
import socket

from rltools.process.bell import IN_SOCKET, SECONDS_TO_LOOK_AGAIN, Bell
from rltools.process.frames import FrameSocket
from rltools.process.patience import Patience
from rltools.process.protocol import Command, Message


class Inbox:
    """Waits for requests and answers them.

    Args:
        connection: The socket that leads to the parent.

    Attributes:
        bell: By which steps are announced, once there is shared memory.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._frames = FrameSocket(connection)
        self._patience = Patience()
        self._handled = 0  # Number of the last request.
        self._is_message = True  # Whether it came as one.
        self.bell: Bell | None = None

    def receive(self) -> tuple[Message, int]:
        """Wait for a request, for as long as it takes.

        Returns:
            The tuple `(message, flags)`, with the flags of a step that was announced
            without a message.

        Raises:
            EOFError, OSError: The parent is gone.
        """
        patience = self._patience
        patience.begin()
        in_socket = self.bell is None
        while (request := self._look(in_socket)) is None:
            if self.bell is None or not patience.yields():
                in_socket = self._sleep()
        patience.end()
        self._handled = request[0].number
        return request

    def answer(self, message: Message) -> None:
        """Send a reply to the last request.

        Raises:
            OSError: The parent is gone.
        """
        bell = self.bell
        if bell is None or self._is_message or message.body:
            self._frames.send(message)
            if bell is not None:
                bell.announce_reply(message.number, IN_SOCKET)
        elif bell.announce_reply(message.number, 0):
            self._frames.send(message)

    def _look(self, in_socket: bool) -> tuple[Message, int] | None:
        """The next request, if it is there; `in_socket` if there may be a message."""
        # What has been received already, the socket does not tell any more.
        if not in_socket and not self._frames.has_unread:
            assert self.bell is not None
            number, flags = self.bell.request()
            if number <= self._handled:
                return None
            if not flags & IN_SOCKET:
                self._is_message = False
                return Message(number, Command.STEP_ROWS, b""), flags
        while (message := self._frames.receive_some()) is not None:
            # What was announced and seen may have been sent as well.
            if message.number > self._handled:
                self._is_message = True
                return message, 0
        return None

    def _sleep(self) -> bool:
        """Wait until there may be a request; returns whether to look in the socket."""
        bell = self.bell
        if bell is None:
            return self._is_readable(None)
        bell.worker_sleeps(True)
        try:
            for seconds in (SECONDS_TO_LOOK_AGAIN, None):
                number, flags = bell.request()
                if number > self._handled and not flags & IN_SOCKET:
                    return False
                if self._is_readable(seconds):
                    return True
        finally:
            bell.worker_sleeps(False)
        return False

    def _is_readable(self, seconds: float | None) -> bool:
        return bool(select.select([self._socket], [], [], seconds)[0])
