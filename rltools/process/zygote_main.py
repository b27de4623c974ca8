"""The zygote's side: imports what every worker needs, and becomes workers on request.

It has a single thread, and has done nothing but import, so that a copy of it is as
good as a fresh interpreter at the same point.
"""

import errno
import gc
import importlib
import io
import os
import pickle
import select
import socket
import sys
from collections.abc import Sequence

import numpy as np

from rltools.process import worker
from rltools.process.clone import Cloner
from rltools.process.zygote_protocol import MAX_REQUEST, NUM_DESCRIPTORS, REPLY, Order


def main(descriptor: int) -> None:
    """Serve until nobody can ask any more; in each worker, until that ends.

    Args:
        descriptor: That of the socket that requests come from.
    """
    connection = socket.socket(fileno=descriptor)
    os.set_inheritable(descriptor, False)
    gc.collect()
    gc.freeze()  # No collection writes to what the copies share.
    try:
        cloner = Cloner()
    except OSError as error:
        connection.send(REPLY.pack(0, -(error.errno or errno.ENOSYS)))
        return
    connection.send(REPLY.pack(0, 0))
    while True:
        body, descriptors, _, _ = socket.recv_fds(
            connection, MAX_REQUEST, NUM_DESCRIPTORS
        )
        if not body:
            return
        order = Order(*pickle.loads(body))
        try:
            pid = cloner.clone()
        except OSError as error:
            pid = -(error.errno or errno.ENOSYS)
        if pid == 0:
            connection.close()
            _become_worker(order, descriptors)
            return
        for each in descriptors:
            os.close(each)
        connection.send(REPLY.pack(order.number, pid))


def _become_worker(order: Order, descriptors: Sequence[int]) -> None:
    """Do what a fresh interpreter would, in the place that was asked for."""
    socket_to_parent, read_end, folder, *outputs = descriptors
    for source, target in zip(outputs, (1, 2), strict=True):
        os.dup2(source, target)
        os.close(source)
    os.fchdir(folder)
    os.close(folder)
    os.environb.clear()
    os.environb.update(order.environment)
    for name, descriptor in (("stdout", 1), ("stderr", 2)):
        file = _text_file(descriptor, getattr(sys, name))
        setattr(sys, name, file)
        setattr(sys, f"__{name}__", file)
    sys.path[:] = order.path
    importlib.invalidate_caches()  # Modules may have come since.
    np.random.seed()  # Else all workers would draw the same.
    # The first message says that the parent knows of this process, and has made it the
    # leader of a group: until then it ends with the zygote.
    poll = select.poll()
    poll.register(socket_to_parent, select.POLLIN)
    poll.poll()
    if os.getpgrp() == os.getpid():
        worker.main(socket_to_parent, read_end)


def _text_file(descriptor: int, like: io.TextIOWrapper) -> io.TextIOWrapper:
    """A file as Python makes one of a standard output when it starts."""
    return open(
        descriptor,
        "w",
        buffering=1 if descriptor == 2 or os.isatty(descriptor) else -1,
        encoding=like.encoding,
        errors=like.errors,
        closefd=False,
    )
