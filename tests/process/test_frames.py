"""Messages arrive whole and in order, whatever pieces they travel in."""

import socket
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rltools.process.frames import FrameSocket, read_frame, write_frame

pytestmark = pytest.mark.timeout(30)


@pytest.fixture
def pair():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield FrameSocket(ours), theirs


@given(st.lists(st.binary(max_size=40)), st.lists(st.integers(1, 30), min_size=1))
def test_pieces_of_any_size_make_the_messages(messages, sizes):
    """Receiving is inverse to sending, however the stream is cut."""
    ours, theirs = socket.socketpair()
    source, sink = socket.socketpair()
    with ours, theirs, source, sink:
        for message in messages:
            write_frame(source, message)
        source.shutdown(socket.SHUT_WR)
        stream = b""
        while data := sink.recv(1 << 16):
            stream += data
        frames, received, place = FrameSocket(ours), [], 0
        while place < len(stream):
            size = sizes[place % len(sizes)]
            theirs.sendall(stream[place : place + size])
            place += size
            while (message := frames.receive_some()) is not None:
                received.append(bytes(message))
        assert received == messages


def test_sending_more_than_fits_goes_on_later(pair):
    frames, theirs = pair
    message = bytes(range(256)) * 20_000
    frames.put(message)
    frames.put(b"second")
    frames.send_some()
    assert not frames.flushed, "More than any socket buffer holds."
    received = []
    thread = threading.Thread(
        target=lambda: received.extend(bytes(read_frame(theirs)) for _ in range(2))
    )
    thread.start()
    while not frames.flushed:
        frames.send_some()
    thread.join()
    assert received == [message, b"second"]


def test_end_and_reset_of_the_other_side(pair):
    frames, theirs = pair
    assert frames.receive_some() is None
    write_frame(theirs, b"last words")
    theirs.close()
    assert bytes(frames.receive_some()) == b"last words"
    with pytest.raises(EOFError):
        frames.receive_some()
    frames.put(b"anybody there?")
    with pytest.raises(BrokenPipeError):
        frames.send_some()


def test_end_in_the_middle_of_a_message(pair):
    frames, theirs = pair
    theirs.sendall(b"\x05\0\0")
    assert frames.receive_some() is None
    theirs.close()
    with pytest.raises(EOFError):
        frames.receive_some()
