"""Work that Ctrl-C and the like must not leave half done."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def delayed_interrupt() -> Iterator[None]:
    """Let a first Ctrl-C or SIGTERM have its effect only at the end of the block.

    A second one of the two has it at once: somebody does not want to wait. In other
    threads than the main one, which never get signals, and for a signal that no
    function of Python handles, such as SIGTERM by default, this does nothing.
    """
    handlers: dict[int, Any] = {}
    if threading.current_thread() is threading.main_thread():
        found = {number: signal.getsignal(number) for number in _SIGNALS}
        handlers = {number: each for number, each in found.items() if callable(each)}
    first: list[tuple[int, FrameType | None]] = []

    def delay(number: int, frame: FrameType | None) -> None:
        first.append((number, frame))
        if len(first) > 1:
            handlers[number](number, frame)

    try:
        for number in handlers:
            signal.signal(number, delay)
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    if first:
        handlers[first[0][0]](*first[0])
