"""The transport notices whatever keeps a reply from coming."""

import os
import signal
import time

import pytest

from rltools.process.launcher import launch
from rltools.process.protocol import Command, dumps
from rltools.process.request import Request
from rltools.process.transport import PipeTransport

pytestmark = pytest.mark.timeout(30)


class Interrupted:
    """A socket on which Ctrl-C strikes in the middle of a message, once."""

    def __init__(self, frames):
        self._frames = frames
        self.interrupted = None

    def __getattr__(self, name):
        if name == self.interrupted:
            self.interrupted = None
            raise KeyboardInterrupt
        return getattr(self._frames, name)


@pytest.fixture
def launched():
    process, frames = launch()
    frames = Interrupted(frames)
    transport = PipeTransport(process, frames)
    yield transport, frames, process
    process.end()
    transport.close()


def request(number=1):
    return Request(Command.GET, "name", number=number)


@pytest.mark.parametrize("where", ["put", "send_some"])
def test_interrupt_while_sending_gives_the_worker_up(launched, is_gone, where):
    transport, frames, process = launched
    frames.interrupted = where
    with pytest.raises(KeyboardInterrupt):
        transport.send(request(), dumps(("name",)), None)
    assert "given up" in transport.death
    assert is_gone(process.pid, 0)
    assert transport.receive(None), "It does not wait for what can't come."


def test_interrupt_while_receiving_gives_the_worker_up(launched, is_gone):
    transport, frames, process = launched
    transport.send(request(), dumps(("name",)), None)
    frames.interrupted = "receive_some"
    with pytest.raises(KeyboardInterrupt):
        transport.receive(None)
    assert "given up" in transport.death
    assert is_gone(process.pid, 0)


def test_replies_are_set_on_their_requests(launched):
    transport, _, _ = launched
    requests = [request(number) for number in range(1, 301)]
    for each in requests:
        transport.send(each, dumps(("name",)), None)
    assert not transport.idle
    while not transport.idle:
        assert transport.receive(time.monotonic() + 20)
    assert [each.reply.number for each in requests] == list(range(1, 301))


def test_reply_to_another_request_ends_the_worker(launched):
    transport, _, _ = launched
    first, second = request(1), request(2)
    transport.send(first, dumps(("name",)), None)
    first.number = 0
    assert transport.receive(None)
    assert transport.death is not None
    transport.send(second, dumps(("name",)), None)
    assert second.reply is None


@pytest.mark.parametrize("seconds", [0.05, -1])
def test_deadline_holds_while_a_message_is_sent(launched, seconds):
    transport, _, process = launched
    os.kill(process.pid, signal.SIGSTOP)
    start = time.monotonic()
    transport.send(request(), bytes(10_000_000), start + seconds)
    assert not transport.receive(start + seconds)
    assert time.monotonic() - start < 1
    assert transport.death is None
