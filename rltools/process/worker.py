"""The worker's side: does what it is asked to do, until nobody asks any more."""

import os
import pickle
import socket
from typing import Any

from rltools.hosting.report import Report
from rltools.process import lifeline
from rltools.process.bell import SAME_STEP
from rltools.process.block import SharedBlock
from rltools.process.failure import Failure
from rltools.process.host import Host, InRow
from rltools.process.inbox import Inbox
from rltools.process.packing import pack_report
from rltools.process.protocol import Command, Message, Status, dumps


def main(descriptor: int, read_end: int, block: int) -> None:
    """Serve requests until asked to close, or until nobody can ask any more.

    Args:
        descriptor: That of the socket that requests come from.
        read_end: Descriptor of the lifeline's read end.
        block: Descriptor of the shared block.
    """
    lifeline.arm(read_end)
    for inherited in (descriptor, read_end, block):
        os.set_inheritable(inherited, False)
    with socket.socket(fileno=descriptor) as connection:
        # A process forked by the environment must not keep the connection open.
        os.register_at_fork(after_in_child=connection.close)
        serve(connection, SharedBlock(block))


def serve(connection: socket.socket, block: SharedBlock) -> None:
    """Answer every request with one reply that has its number, in their order."""
    host = Host(block)
    inbox = Inbox(connection)
    while not host.closed:
        try:
            request, flags = inbox.receive()
            status, body = answer(host, request, flags)
            inbox.bell = host.bell
            inbox.answer(Message(request.number, status, body))
        except (EOFError, OSError):
            break


def answer(host: Host, request: Message, flags: int = 0) -> tuple[Status, bytes]:
    """Have a request carried out; returns what became of it, and the reply's body."""
    # Even SystemExit is the environment's failure, not an order to this loop.
    arguments: tuple[Any, ...] = (None, True) if flags & SAME_STEP else ()
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
