"""Waits for Ray in a way that signal handlers can end.

Ray itself ends a wait for Ctrl-C only. What another handler raises, such as that of an
alarm, it would keep until the wait is over, and then raise as the cause of a
SystemError.
"""

import math
import time
from types import ModuleType
from typing import Any

_SECONDS_AT_ONCE = 0.5


def get_interruptibly(ray: ModuleType, reference: Any, timeout: float | None) -> Any:
    """Wait for a result; like `ray.get`, whose errors it raises.

    Args:
        ray: The module.
        reference: Of the result.
        timeout: Seconds to wait at most; None for as long as it takes.
    """
    deadline = math.inf if timeout is None else time.monotonic() + timeout
    while True:
        remaining = max(0.0, deadline - time.monotonic())
        try:
            return ray.get(reference, timeout=min(remaining, _SECONDS_AT_ONCE))
        except ray.exceptions.GetTimeoutError:
            if remaining <= _SECONDS_AT_ONCE:
                raise
        except SystemError as error:
            raise error.__cause__ or error from None


def is_there(ray: ModuleType, reference: Any, timeout: float) -> bool:
    """Wait until a result is there; returns whether it is.

    Args:
        ray: The module.
        reference: Of the result.
        timeout: Seconds to wait at most.
    """
    deadline = time.monotonic() + timeout
    while True:
        remaining = max(0.0, deadline - time.monotonic())
        seconds = min(remaining, _SECONDS_AT_ONCE)
        try:
            done, _ = ray.wait([reference], timeout=seconds)
        except SystemError as error:
            raise error.__cause__ or error from None
        if done or seconds == remaining:
            return bool(done)
