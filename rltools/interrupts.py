"""Work that Ctrl-C must not leave half done."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def delayed_interrupt() -> Iterator[None]:
    """Let a first Ctrl-C have its effect only at the end of the block.

    A second one has it at once: somebody does not want to wait. In other threads than
    the main one, which never get Ctrl-C, and where it is ignored, this does nothing.
    """
    handler = signal.getsignal(signal.SIGINT)
    in_main_thread = threading.current_thread() is threading.main_thread()
    if not in_main_thread or not callable(handler):
        yield
        return
    first: list[tuple[int, FrameType | None]] = []

    def delay(number: int, frame: FrameType | None) -> None:
        if first:
            handler(number, frame)
        first.append((number, frame))

    signal.signal(signal.SIGINT, delay)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
    if first:
        handler(*first[0])
