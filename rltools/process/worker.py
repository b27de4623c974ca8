"""The worker's side: does what it is asked to do, until nobody asks any more."""

import os
import pickle
import socket
from typing import Any

from rltools.hosting.report import Report
from rltools.process import lifeline
from rltools.process.failure import Failure
from rltools.process.host import Host, InRow
from rltools.process.inbox import Inbox
from rltools.process.packing import pack_report
from rltools.process.protocol import Command, Message, Status, dumps


def main(descriptor: int, read_end: int) -> None:
    """Serve requests until asked to close, or until nobody can ask any more.

    Args:
        descriptor: That of the socket that requests come from.
        read_end: Descriptor of the lifeline's read end.
    """
    lifeline.arm(read_end)
    for inherited in (descriptor, read_end):
        os.set_inheritable(inherited, False)
    with socket.socket(fileno=descriptor) as connection:
        # A process forked by the environment must not keep the connection open.
        os.register_at_fork(after_in_child=connection.close)
        serve(connection)


def serve(connection: socket.socket) -> None:
    """Answer every request with one reply that has its number, in their order."""
    inbox = Inbox(connection)
    host = Host(inbox.take_descriptor)
    while not host.closed:
        try:
            request = inbox.receive(host.step)
            status, reply = answer(host, request)
            if host.signals is not None:
                inbox.heed(*host.signals)
            inbox.answer(Message(request.number, status, reply))
        except (EOFError, OSError):
            break


def answer(host: Host, request: Message) -> tuple[Status, bytes]:
    """Have a request carried out; returns what became of it, and the reply's body."""
    # Even SystemExit is the environment's failure, not an order to this loop.
    arguments: tuple[Any, ...] = ()
    try:
        if request.body:
            arguments = pickle.loads(request.body)
    except BaseException as error:
        return Status.NOT_READABLE, dumps(f"{type(error).__name__}: {error}")
    try:
        result = host.execute(Command(request.kind), arguments)
    except BaseException as error:
        return Status.RAISED, dumps(Failure.of(error))
    try:
        if isinstance(result, Report):
            return Status.RETURNED, pack_report(result, host.objects)
        if isinstance(result, InRow):
            return Status.RETURNED_IN_ROW, dumps(result.rest)
        return Status.RETURNED, dumps(result)
    except Exception as error:
        text = f"{type(result).__name__}: {type(error).__name__}: {error}"
        return Status.NOT_PICKLABLE, dumps(text)
