"""A worker gets every request once and in order, however it is called."""

import socket
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rltools.process.bell import BELL_SIZE, IN_SOCKET, SAME_STEP, Bell
from rltools.process.frames import FrameSocket
from rltools.process.inbox import Inbox
from rltools.process.protocol import Command, Message

pytestmark = pytest.mark.timeout(30)


@pytest.fixture
def line():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield FrameSocket(ours), Inbox(theirs), Bell(bytearray(BELL_SIZE))


def test_messages_that_came_together_are_all_seen(line):
    """Those after the first one are in a buffer, of which the socket knows nothing."""
    frames, inbox, bell = line
    for number in (1, 2, 3):
        frames.put(Message(number, Command.GET, b"name"))
    frames.send_some()
    assert inbox.receive()[0].number == 1
    inbox.bell = bell
    assert [inbox.receive()[0].number for _ in range(2)] == [2, 3]


def test_step_that_is_announced_needs_no_message(line):
    _, inbox, bell = line
    inbox.bell = bell
    assert not bell.announce_request(1, SAME_STEP)
    message, flags = inbox.receive()
    assert (message.number, message.kind, flags) == (1, Command.STEP_ROWS, SAME_STEP)
    inbox.answer(Message(1, 0, b""))
    assert bell.reply() == (1, 0)


@given(st.lists(st.sampled_from(["announced", "sent", "both"]), max_size=20))
def test_every_request_is_seen_once(ways):
    """Equals the list of requests, whichever way each came."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        frames, inbox = FrameSocket(ours), Inbox(theirs)
        inbox.bell = bell = Bell(bytearray(BELL_SIZE))
        for number, way in enumerate(ways, start=1):
            if way != "announced":
                frames.send(Message(number, Command.STEP_ROWS, b""))
            bell.announce_request(number, IN_SOCKET if way == "sent" else 0)
            assert inbox.receive()[0].number == number


def test_reply_with_a_body_is_a_message(line):
    frames, inbox, bell = line
    inbox.bell = bell
    bell.announce_request(1, 0)
    inbox.receive()
    inbox.answer(Message(1, 0, b"info"))
    assert bell.reply() == (1, IN_SOCKET)
    assert frames.receive_some() == (1, 0, b"info")


def test_parent_that_sleeps_gets_a_message(line):
    frames, inbox, bell = line
    inbox.bell = bell
    bell.announce_request(1, 0)
    inbox.receive()
    bell.parent_sleeps(True)
    inbox.answer(Message(1, 0, b""))
    assert frames.receive_some() == (1, 0, b"")


def test_worker_that_sleeps_says_so_and_is_woken(line):
    frames, inbox, bell = line
    inbox.bell = bell
    received = []
    thread = threading.Thread(target=lambda: received.append(inbox.receive()))
    thread.start()
    while not bell.announce_request(0, 0):
        pass  # Number 0 is no request.
    bell.announce_request(1, 0)
    frames.send(Message(1, Command.STEP_ROWS, b""))
    thread.join()
    assert received[0][0].number == 1
    # The message that woke it is not taken for another request.
    bell.announce_request(2, 0)
    assert inbox.receive()[0].number == 2


def test_end_of_the_parent(line):
    frames, inbox, bell = line
    inbox.bell = bell
    frames.close()
    with pytest.raises(EOFError):
        inbox.receive()


def test_silence():
    bell = Bell(bytearray(BELL_SIZE))
    bell.announce_request(5, IN_SOCKET)
    bell.announce_reply(5, 0)
    bell.worker_sleeps(True)
    bell.silence()
    assert (bell.request(), bell.reply()) == ((0, 0), (0, 0))
    assert not bell.announce_request(1, 0)
