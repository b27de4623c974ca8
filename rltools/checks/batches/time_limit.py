"""Ends calls that do not come back."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from rltools.errors import RequestTimeoutError


class _TimeIsUpError(BaseException):
    """Passes by those who catch every `Exception`."""


@contextmanager
def time_limit(seconds: float, call: str) -> Iterator[None]:
    """Interrupt the block when its time is up.

    The alarm of the system interrupts whatever Python code waits for, but nothing that
    never returns from another language. It needs the main thread; in others, and where
    there is no such alarm, nothing is limited. An alarm that was set before, such as
    that of a test runner, keeps its time, and goes first if it is due sooner.

    Args:
        seconds: How long the block may take.
        call: What the block does, for the message.

    Raises:
        RequestTimeoutError: It took longer.
    """
    if (
        threading.current_thread() is not threading.main_thread()
        or not hasattr(signal, "setitimer")
        or 0 < signal.getitimer(signal.ITIMER_REAL)[0] <= seconds
    ):
        yield
        return
    armed = True

    def ring(*_: int | FrameType | None) -> None:
        if armed:
            raise _TimeIsUpError

    handler = signal.signal(signal.SIGALRM, ring)
    started = time.monotonic()
    remaining, interval = signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    except _TimeIsUpError:
        raise RequestTimeoutError(
            f"{call} did not come back within {seconds:g} seconds"
        ) from None
    finally:
        armed = False
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler or signal.SIG_DFL)
        if remaining:
            remaining -= time.monotonic() - started
            signal.setitimer(signal.ITIMER_REAL, max(remaining, 0.001), interval)
