"""Messages arrive whole and in order, whatever pieces they travel in."""

import select
import socket
import threading

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rltools.process.frames import FrameSocket
from rltools.process.protocol import Message

pytestmark = pytest.mark.timeout(30)
BODIES = st.one_of(
    st.binary(max_size=40), st.integers(0, 200_000).map(lambda size: bytes(size))
)
LARGE = [b"a" * 40_000, b"b" * 40_000, b"c" * 100_000, b"", b"d" * (1 << 16)]


@pytest.fixture
def pair():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield FrameSocket(ours), theirs


def messages_of(bodies):
    return [Message(n, n % 7, body) for n, body in enumerate(bodies)]


def as_stream(messages):
    """The bytes in which the messages travel."""
    source, sink = socket.socketpair()
    stream = bytearray()

    def read():
        while data := sink.recv(1 << 16):
            stream.extend(data)

    with source, sink:
        reader = threading.Thread(target=read)
        reader.start()
        frames = FrameSocket(source)
        for message in messages:
            frames.send(message)
        source.shutdown(socket.SHUT_WR)
        reader.join()
    return bytes(stream)


@example(LARGE, [1 << 16])
@example(LARGE, [1000])
@given(st.lists(BODIES, max_size=5), st.lists(st.integers(1, 70_000), min_size=1))
def test_pieces_of_any_size_make_the_messages(bodies, sizes):
    """Receiving is inverse to sending, however the stream is cut."""
    messages = messages_of(bodies)
    stream = as_stream(messages)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 18)
        frames, received, place, turn = FrameSocket(ours), [], 0, 0
        while place < len(stream):
            size = sizes[turn % len(sizes)]
            if len(stream) > 2000 * max(sizes):
                size += len(stream) // 2000  # Not for ever.
            theirs.sendall(stream[place : place + size])
            place, turn = place + size, turn + 1
            while (message := frames.receive_some()) is not None:
                received.append(message)
        assert [(m.number, m.kind, bytes(m.body)) for m in received] == messages


def test_sending_more_than_fits_goes_on_later(pair):
    frames, theirs = pair
    messages = messages_of([bytes(range(256)) * 20_000, b"second"])
    for message in messages:
        frames.put(message)
    frames.send_some()
    assert not frames.flushed, "More than any socket buffer holds."
    other, received = FrameSocket(theirs), []

    def receive():
        while len(received) < 2:
            select.select([theirs], [], [])
            while (message := other.receive_some()) is not None:
                received.append(message)

    thread = threading.Thread(target=receive)
    thread.start()
    while not frames.flushed:
        frames.send_some()
    thread.join()
    assert [(m.number, m.kind, bytes(m.body)) for m in received] == messages


def test_end_and_reset_of_the_other_side(pair):
    frames, theirs = pair
    assert frames.receive_some() is None
    FrameSocket(theirs).send(Message(1, 2, b"last words"))
    theirs.close()
    assert frames.receive_some() == (1, 2, b"last words")
    with pytest.raises(EOFError):
        frames.receive_some()
    frames.put(Message(1, 2, b"anybody there?"))
    with pytest.raises(BrokenPipeError):
        frames.send_some()


def test_end_in_the_middle_of_a_message(pair):
    frames, theirs = pair
    theirs.sendall(as_stream([Message(1, 2, b"never finished")])[:-3])
    assert frames.receive_some() is None
    theirs.close()
    with pytest.raises(EOFError):
        frames.receive_some()
