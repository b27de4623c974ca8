"""The transport notices whatever keeps a reply from coming."""

import os
import time
from multiprocessing.connection import Connection

import pytest

from rltools.process.launcher import launch
from rltools.process.protocol import Command, dumps
from rltools.process.request import Request
from rltools.process.transport import PipeTransport

pytestmark = pytest.mark.timeout(30)


class Interrupted(Connection):
    """A connection on which Ctrl-C strikes in the middle of a message."""

    interrupted = "recv_bytes"

    def recv_bytes(self, maxlength=None):
        if self.interrupted == "recv_bytes":
            raise KeyboardInterrupt
        return super().recv_bytes(maxlength)

    def send_bytes(self, buf, offset=0, size=None):
        if self.interrupted == "send_bytes":
            raise KeyboardInterrupt
        super().send_bytes(buf, offset, size)


@pytest.fixture
def interrupted():
    process, connection = launch()
    connection = Interrupted(os.dup(connection.fileno()))
    yield PipeTransport(process, connection), connection, process
    process.end()


def request(number=0):
    return Request(number, Command.GET, "name", 0, 10)


def test_interrupt_while_receiving_gives_the_worker_up(interrupted, is_gone):
    transport, _, process = interrupted
    transport.send(request(), dumps(("name",)), None)
    with pytest.raises(KeyboardInterrupt):
        transport.receive(None)
    assert transport.death is not None
    assert is_gone(process.pid, 0)


def test_interrupt_while_sending_gives_the_worker_up(interrupted, is_gone):
    transport, connection, process = interrupted
    connection.interrupted = "send_bytes"
    with pytest.raises(KeyboardInterrupt):
        transport.send(request(), dumps(("name",)), None)
    assert transport.death is not None
    assert is_gone(process.pid, 0)


def test_replies_are_set_on_their_requests(interrupted):
    transport, connection, _ = interrupted
    connection.interrupted = None
    requests = [request(number) for number in range(3)]
    for each in requests:
        assert transport.send(each, dumps(("name",)), None)
    assert not transport.idle
    while not transport.idle:
        assert transport.receive(time.monotonic() + 20)
    assert [each.reply.number for each in requests] == [0, 1, 2]


def test_nothing_is_sent_without_room(interrupted):
    transport, connection, _ = interrupted
    connection.interrupted = "recv_bytes"
    for number in range(64):
        assert transport.send(request(number), dumps(("name",)), None)
    assert not transport.can_send_at_once()
    connection.interrupted = None
    start = time.monotonic()
    while not transport.send(late := request(64), dumps(("name",)), start - 1):
        assert late.reply is None
        assert transport.receive(start + 20)
