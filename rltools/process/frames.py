"""Whole messages through a socket, in pieces of whatever size fits."""

import select
import socket
import struct
from array import array
from collections import deque

from rltools.process.protocol import Message

_HEADER = struct.Struct("<QQB")  # Length of the body, number, kind.
_BUFFER_SIZE = 1 << 16
_COPIED_SIZE = 1 << 14  # A body up to this size is sent in one piece with its header.
# A peer that is gone is an error of the call, not a signal to the whole process.
_FLAGS = getattr(socket, "MSG_NOSIGNAL", 0)


class FrameSocket:
    """Sends and receives messages; only `send` ever waits for the other side.

    What has been transferred so far is kept, so that a message can be continued after
    anything else was done in between.

    Args:
        sock: A connected stream socket; it is made non-blocking.
        descriptors: Takes the descriptors of files that come with messages; None if
            none do.
    """

    def __init__(
        self, sock: socket.socket, descriptors: deque[int] | None = None
    ) -> None:
        sock.setblocking(False)
        self._socket = sock
        self._descriptors = descriptors
        self._outgoing: deque[tuple[memoryview, tuple[int, ...]]] = deque()
        self._buffer = memoryview(bytearray(_BUFFER_SIZE))
        self._start = self._end = 0  # Of what has been received and not yet read.
        self._body: memoryview | None = None  # Of a message too large for the buffer.
        self._body_filled = 0
        self._body_header = (0, 0)

    def fileno(self) -> int:
        """Descriptor of the socket, -1 once it is closed."""
        return self._socket.fileno()

    @property
    def flushed(self) -> bool:
        """Whether all that was put has been sent."""
        return not self._outgoing

    @property
    def has_unread(self) -> bool:
        """Whether more has been received than has been returned."""
        return self._start < self._end or self._body is not None

    def put(self, message: Message, *descriptors: int) -> None:
        """Append a message to those to be sent, and descriptors to come with it."""
        number, kind, body = message.number, message.kind, message.body
        header = _HEADER.pack(len(body), number, kind)
        if len(body) <= _COPIED_SIZE:
            self._outgoing.append((memoryview(header + body), descriptors))
        else:
            self._outgoing.append((memoryview(header), descriptors))
            self._outgoing.append((memoryview(body), ()))

    def send_some(self) -> None:
        """Send what the socket takes now.

        Raises:
            OSError: The other side is gone.
        """
        outgoing = self._outgoing
        while outgoing:
            piece, descriptors = outgoing[0]
            try:
                if descriptors:
                    sent = socket.send_fds(self._socket, [piece], descriptors, _FLAGS)
                else:
                    sent = self._socket.send(piece, _FLAGS)
            except BlockingIOError:
                return
            if sent == len(piece):
                outgoing.popleft()
            else:
                outgoing[0] = piece[sent:], ()

    def receive_some(self) -> Message | None:
        """Receive what is there; returns a message once all of it is.

        Raises:
            EOFError: The other side has hung up.
            OSError: The other side is gone.
        """
        while (message := self._parse()) is None:
            if self._body is not None:
                place = self._body[self._body_filled :]
            else:
                place = self._buffer[self._end :]
            try:
                received = self._receive_into(place)
            except BlockingIOError:
                return None
            if not received:
                raise EOFError
            if self._body is not None:
                self._body_filled += received
            else:
                self._end += received
        return message

    def _receive_into(self, place: memoryview) -> int:
        if self._descriptors is None:
            return self._socket.recv_into(place)
        room = socket.CMSG_SPACE(array("i").itemsize)
        received, extras, _, _ = self._socket.recvmsg_into([place], room)
        for level, kind, data in extras:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                self._descriptors.extend(array("i", data))
        return received

    def send(self, message: Message) -> None:
        """Send a message, waiting until the other side has taken all of it.

        Raises:
            OSError: The other side is gone.
        """
        self.put(message)
        self.send_some()
        while not self.flushed:
            poll = select.poll()  # Unlike `select`, it takes descriptors of any number.
            poll.register(self._socket, select.POLLOUT)
            poll.poll()
            self.send_some()

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def _parse(self) -> Message | None:
        if self._body is not None:
            if self._body_filled < len(self._body):
                return None
            body, self._body = self._body, None
            return Message(*self._body_header, body)
        start, available = self._start, self._end - self._start
        if available < _HEADER.size:
            self._make_room(_HEADER.size)
            return None
        length, number, kind = _HEADER.unpack_from(self._buffer, start)
        start += _HEADER.size
        if start + length <= self._end:
            content = bytes(self._buffer[start : start + length])
            self._start = start + length
            if self._start == self._end:
                self._start = self._end = 0
            return Message(number, kind, content)
        if _HEADER.size + length <= _BUFFER_SIZE:
            self._make_room(_HEADER.size + length)
            return None
        self._body = memoryview(bytearray(length))
        self._body_filled = self._end - start
        self._body[: self._body_filled] = self._buffer[start : self._end]
        self._body_header = number, kind
        self._start = self._end = 0
        return None

    def _make_room(self, size: int) -> None:
        """Move what has been received to the front, where it would not fit else."""
        if self._start + size > _BUFFER_SIZE:
            rest = bytes(self._buffer[self._start : self._end])
            self._buffer[: len(rest)] = rest
            self._start, self._end = 0, len(rest)
