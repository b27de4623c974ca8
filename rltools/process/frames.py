"""Whole messages through a socket, in pieces of whatever size fits."""

import socket
import struct
from collections import deque

_LENGTH = struct.Struct("<Q")
# A peer that is gone is an error of the call, not a signal to the whole process.
_FLAGS = getattr(socket, "MSG_NOSIGNAL", 0)


class FrameSocket:
    """Sends and receives messages without ever waiting for the other side.

    What has been transferred so far is kept, so that a message can be continued after
    anything else was done in between.

    Args:
        sock: A connected stream socket; it is made non-blocking.
    """

    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        self._socket = sock
        self._outgoing: deque[memoryview] = deque()
        self._length: int | None = None  # Of the message, once it is known.
        self._incoming = bytearray(_LENGTH.size)
        self._filled = 0

    def fileno(self) -> int:
        """Descriptor of the socket, -1 once it is closed."""
        return self._socket.fileno()

    @property
    def flushed(self) -> bool:
        """Whether all that was put has been sent."""
        return not self._outgoing

    def put(self, message: bytes) -> None:
        """Append a message to those to be sent."""
        self._outgoing.append(memoryview(_LENGTH.pack(len(message)) + message))

    def send_some(self) -> None:
        """Send what the socket takes now.

        Raises:
            OSError: The other side is gone.
        """
        while self._outgoing:
            try:
                sent = self._socket.send(self._outgoing[0], _FLAGS)
            except BlockingIOError:
                return
            self._outgoing[0] = self._outgoing[0][sent:]
            if not self._outgoing[0]:
                self._outgoing.popleft()

    def receive_some(self) -> memoryview | None:
        """Receive what is there; returns a message once all of it is.

        Raises:
            EOFError: The other side has hung up.
            OSError: The other side is gone.
        """
        while True:
            if self._filled == len(self._incoming):
                whole = memoryview(self._incoming)
                if self._length is None:
                    [self._length] = _LENGTH.unpack(whole)
                    self._start(self._length)
                else:
                    self._length = None
                    self._start(_LENGTH.size)
                    return whole
            try:
                place = memoryview(self._incoming)[self._filled :]
                received = self._socket.recv_into(place) if place else 0
            except BlockingIOError:
                return None
            if place and not received:
                raise EOFError
            self._filled += received

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def _start(self, size: int) -> None:
        self._incoming = bytearray(size)
        self._filled = 0


def write_frame(sock: socket.socket, message: bytes) -> None:
    """Send one message through a blocking socket, waiting as long as it takes."""
    sock.sendall(_LENGTH.pack(len(message)), _FLAGS)
    sock.sendall(message, _FLAGS)


def read_frame(sock: socket.socket) -> memoryview:
    """Receive one message from a blocking socket, waiting as long as it takes.

    Raises:
        EOFError: The other side has hung up.
    """
    [length] = _LENGTH.unpack(_read(sock, _LENGTH.size))
    return _read(sock, length)


def _read(sock: socket.socket, size: int) -> memoryview:
    data = memoryview(bytearray(size))
    filled = 0
    while filled < size:
        received = sock.recv_into(data[filled:])
        if not received:
            raise EOFError
        filled += received
    return data
