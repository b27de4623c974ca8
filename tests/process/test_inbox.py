"""A worker gets every request once and in order, however it is called."""

import socket
import threading
from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rltools.process.frames import FrameSocket
from rltools.process.inbox import Inbox
from rltools.process.protocol import Command, Message, Status
from rltools.process.signals import (
    FLAG_BITS,
    PARENT_ASLEEP,
    REQUEST,
    RESET_ONLY,
    SAME_STEP,
    Signals,
    size_of_signals,
)

pytestmark = pytest.mark.timeout(30)


class Line:
    """An inbox, the other end of its socket, and the words of two workers."""

    def __init__(self):
        ours, theirs = socket.socketpair()
        self.sockets = ours, theirs
        self.frames = FrameSocket(ours)
        self.inbox = Inbox(theirs)
        self.signals = Signals(bytearray(size_of_signals(2)), 2)
        self.sent = 0
        self.steps = []
        self.body = b""

    def announce(self, number, flags=0):
        self.signals.words[REQUEST] = number << FLAG_BITS | flags

    def send(self, number, kind=Command.GET):
        self.frames.send(Message(number, kind, b"name"))
        self.sent += 1
        self.signals.mail[0] = self.sent

    def step(self, flags):
        self.steps.append((self.signals.words[REQUEST] >> FLAG_BITS, flags))
        return self.body

    def receive(self):
        """The number of the next message, all steps before it having been made."""
        return self.inbox.receive(self.step).number

    def close(self):
        for each in self.sockets:
            each.close()


@pytest.fixture
def line():
    line = Line()
    line.inbox.heed(line.signals, 0)
    yield line
    line.close()


def test_messages_that_came_together_are_all_seen(line):
    """Those after the first one are in a buffer, of which the socket knows nothing."""
    for number in (1, 2, 3):
        line.frames.put(Message(number, Command.GET, b"name"))
    line.frames.send_some()
    assert [line.receive() for _ in range(3)] == [1, 2, 3]


@pytest.mark.parametrize("flags", [0, SAME_STEP, RESET_ONLY])
def test_step_that_is_announced_needs_no_message(line, flags):
    line.announce(1, flags)
    line.send(7)
    assert line.receive() == 7
    assert line.steps == [(1, flags)]
    assert line.signals.replies.tolist() == [1, 0]
    assert line.frames.receive_some() is None


@given(st.lists(st.sampled_from(["message", "both", "wake"]), max_size=20))
def test_every_request_is_seen_once(kinds):
    """Equals the list of requests; a step goes before a message sent meanwhile."""
    line = Line()
    line.inbox.heed(line.signals, 0)
    expected, seen = [], []
    try:
        for number, kind in enumerate(kinds, start=1):
            if kind == "wake":
                line.send(0, Command.WAKE)
                continue
            if kind == "both":
                line.announce(number)
                expected.append(number)
            line.send(number)
            seen.append(line.receive())
            assert line.steps == [(number, 0) for number in expected]
        line.send(99)
        assert line.receive() == 99
        assert line.steps == [(number, 0) for number in expected]
    finally:
        line.close()
    assert seen == [n for n, kind in enumerate(kinds, 1) if kind != "wake"]


def test_steps_before_it_has_a_place_are_others(line):
    other = Signals(bytearray(size_of_signals(2)), 2)
    other.words[REQUEST] = 5 << FLAG_BITS
    line.inbox.heed(other, 1)
    line.frames.send(Message(1, Command.GET, b""))
    line.inbox.receive(line.step)
    assert not line.steps


@pytest.mark.parametrize("first", [0, 1])
def test_only_steps_are_timed_and_some_of_them_in_any_order(line, first):
    """How long steps take decides how they are waited for."""
    for number in range(64, 80):
        is_reset = number % 2 == first
        line.announce(number, RESET_ONLY if is_reset else 0)
        line.send(number)
        before = line.signals.busy[0]
        line.receive()
        assert not is_reset or line.signals.busy[0] == before
    assert line.signals.busy[0] > 0


def test_report_is_a_message(line):
    line.body = b"info"
    line.announce(3)
    line.send(1)
    line.receive()
    assert line.frames.receive_some() == (3, Status.REPORTED, b"info")
    assert line.signals.reports.tolist() == [3, 0]


@pytest.mark.parametrize(("other", "wakes"), [(0, False), (3, True)])
def test_the_last_worker_wakes_a_parent_that_sleeps(line, other, wakes):
    line.signals.words[PARENT_ASLEEP] = 1
    line.signals.replies[1] = other
    line.announce(3)
    line.send(1)
    line.receive()
    woken = line.frames.receive_some()
    assert (woken is not None and woken.kind == Status.WOKEN) == wakes


def test_time_of_steps_is_told(line):
    for number in range(1, 40):
        line.announce(number)
        line.send(number)
        line.receive()
    assert line.signals.busy[0] > 0
    assert len(line.steps) == 39


def test_worker_that_sleeps_says_so_and_is_woken(line):
    received = []
    thread = threading.Thread(target=lambda: received.append(line.receive()))
    thread.start()
    while not line.signals.asleep[0]:
        pass
    line.announce(1)
    line.send(0, Command.WAKE)
    while line.signals.replies[0] != 1:
        pass
    line.send(2)
    thread.join()
    assert received == [2]
    assert line.steps == [(1, False)]


def test_descriptors_come_with_their_message(line):
    taken = deque()
    frames = FrameSocket(line.sockets[1], taken)
    line.frames.put(Message(1, Command.MOVE_IN, b"x" * 100_000), 0)
    line.frames.put(Message(2, Command.MOVE_IN, b""), 1)
    received = []
    while len(received) < 2:
        line.frames.send_some()
        if (message := frames.receive_some()) is not None:
            received.append(message.number)
    assert received == [1, 2]
    assert len(taken) == 2
    for descriptor in taken:
        with open(descriptor, closefd=True):
            pass


def test_end_of_the_parent(line):
    line.frames.close()
    with pytest.raises(EOFError):
        line.receive()


def test_a_step_goes_before_a_message_that_was_sent_after_it():
    """The message is there when the worker has not yet seen the step."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        signals = Signals(bytearray(size_of_signals(1)), 1)
        inbox, parent = Inbox(theirs), FrameSocket(ours)
        inbox.heed(signals, 0)
        done = []

        class Patience:
            looks = range(0)

            def begin(self, seconds=None):
                pass

            def end(self):
                pass

            def yields(self):
                signals.words[REQUEST] = 1 << FLAG_BITS
                parent.put(Message(7, Command.CALL, b""))
                parent.send_some()
                signals.mail[0] = 1
                return False

        inbox._patience = Patience()
        message = inbox.receive(lambda flags: done.append("step") or b"")
    assert done == ["step"]
    assert (message.number, message.kind) == (7, Command.CALL)
    assert signals.replies[0] == 1
