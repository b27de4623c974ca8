"""The workers of this process, so that none outlives it and no fork touches them."""

import atexit
import os
import time
import weakref
from typing import Any

# Shared by all of them: an interpreter that exits must not take long.
_SECONDS_AT_EXIT = 1.0

_live: weakref.WeakSet[Any] = weakref.WeakSet()


def add(client: Any) -> None:
    """Have a worker closed when the interpreter exits."""
    _live.add(client)


@atexit.register
def _close_all() -> None:
    clients = list(_live)
    deadline = time.monotonic() + _SECONDS_AT_EXIT
    for client in clients:
        client.start_close(deadline)
    for client in clients:
        client.close()


def _leave_to_parent() -> None:
    for client in list(_live):
        client.abandon()
    _live.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_leave_to_parent)
