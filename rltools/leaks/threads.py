"""Threads of this process that Python has started."""

import threading
import time
from typing import Any

from rltools.leaks.belonging import Belonging


def living_threads() -> list[threading.Thread]:
    """Running threads, but for the current one and those of other languages.

    A thread of a library in C++ that has called Python once, such as TensorFlow's, is
    listed for ever, and nothing in Python could end it.
    """
    current = threading.current_thread()
    return [
        thread
        for thread in threading.enumerate()
        if thread is not current and not isinstance(thread, threading._DummyThread)
    ]


def find_threads() -> set[Belonging]:
    """Running threads."""
    return {
        Belonging("thread", _key(thread), _describe(thread))
        for thread in living_threads()
    }


def wait_for_threads(keys: set[Any], deadline: float) -> None:
    """Wait until some threads have ended.

    Args:
        keys: The keys of their belongings.
        deadline: Time of `time.monotonic` to wait until.
    """
    for thread in living_threads():
        if _key(thread) in keys:
            thread.join(max(0.0, deadline - time.monotonic()))


def _key(thread: threading.Thread) -> tuple[Any, ...]:
    # The identifier of a thread that has ended may be that of another one later, and
    # to hold the thread would keep alive what belongs to it.
    return thread.ident, thread.native_id


def _describe(thread: threading.Thread) -> str:
    kind = "thread" if not thread.daemon else "daemon thread"
    return f"{kind} {thread.name!r}"
