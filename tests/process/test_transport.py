"""The transport notices whatever keeps a reply from coming."""

import os
import signal
import time

import pytest

from rltools.errors import PendingCallError
from rltools.process.launcher import launch
from rltools.process.protocol import Command, dumps
from rltools.process.request import Request
from rltools.process.transport import PipeTransport

pytestmark = pytest.mark.timeout(30)


def strike():
    raise KeyboardInterrupt


class Interrupted:
    """A socket on which a signal comes in the middle of a message, once."""

    def __init__(self, frames):
        self._frames = frames
        self.interrupted = None
        self.handler = strike

    def __getattr__(self, name):
        if name == self.interrupted:
            self.interrupted = None
            self.handler()
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
    sent = request()
    with pytest.raises(KeyboardInterrupt):
        transport.send(sent, dumps(("name",)), None)
    assert "given up" in transport.death
    assert is_gone(process.pid, 0)
    assert transport.receive(sent, None), "It does not wait for what can't come."


def test_interrupt_while_receiving_gives_the_worker_up(launched, is_gone):
    transport, frames, process = launched
    sent = request()
    transport.send(sent, dumps(("name",)), None)
    frames.interrupted = "receive_some"
    with pytest.raises(KeyboardInterrupt):
        transport.receive(sent, None)
    assert "given up" in transport.death
    assert is_gone(process.pid, 0)


@pytest.mark.parametrize("where", ["put", "send_some", "receive_some"])
def test_signal_handler_can_do_nothing_in_the_middle_of_a_message(launched, where):
    transport, frames, _ = launched
    seen = []

    def handle():
        for call in (transport.send, transport.receive):
            arguments = (b"",) if call == transport.send else ()
            with pytest.raises(PendingCallError, match="in the middle of a message"):
                call(request(2), *arguments, None)
            seen.append(call)

    frames.interrupted, frames.handler = where, handle
    sent = request(1)
    transport.send(sent, dumps(("name",)), None)
    assert transport.receive(sent, None)
    assert len(seen) == 2
    assert sent.reply is not None
    assert transport.death is None


def test_signal_handler_may_give_the_worker_up_in_the_middle_of_a_message(launched):
    transport, frames, _ = launched
    frames.interrupted, frames.handler = "send_some", transport.give_up
    sent = request()
    transport.send(sent, dumps(("name",)), None)
    assert transport.receive(sent, None)
    assert sent.reply is None
    assert "given up" in transport.death


def test_replies_are_set_on_their_requests(launched):
    transport, _, _ = launched
    requests = [request(number) for number in range(1, 301)]
    for each in requests:
        transport.send(each, dumps(("name",)), None)
    assert not transport.idle
    for each in requests:
        assert transport.receive(each, time.monotonic() + 20)
    assert transport.idle
    assert [each.reply.number for each in requests] == list(range(1, 301))


def test_reply_to_another_request_ends_the_worker(launched):
    transport, _, _ = launched
    first, second = request(1), request(2)
    transport.send(first, dumps(("name",)), None)
    first.number = 0
    assert transport.receive(first, None)
    assert transport.death is not None
    transport.send(second, dumps(("name",)), None)
    assert second.reply is None


@pytest.mark.parametrize("seconds", [0.05, -1])
def test_deadline_holds_while_a_message_is_sent(launched, seconds):
    transport, _, process = launched
    os.kill(process.pid, signal.SIGSTOP)
    start = time.monotonic()
    sent = request()
    transport.send(sent, bytes(10_000_000), start + seconds)
    assert not transport.receive(sent, start + seconds)
    assert time.monotonic() - start < 1
    assert transport.death is None
