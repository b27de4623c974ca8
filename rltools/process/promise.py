"""The result of a call that may still be under way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from rltools.errors import RequestTimeoutError

Result = TypeVar("Result")


class Promise(Generic[Result]):
    """A result that is fetched when asked for, and remembered.

    Calling a promise waits for its result. It can be called any number of times, and
    promises can be called in any order: each holds the reply to its own request. A
    failure is raised by every call. A promise that is dropped has its reply discarded.

    Args:
        wait: Returns the result or raises what went wrong, after at most the given
            number of seconds (None: as long as it takes).
        is_ready: Says without waiting whether `wait` would return at once.

    Attributes:
        timed_out: Whether a wait for the result has ended without it.
    """

    def __init__(
        self, wait: Callable[[float | None], Result], is_ready: Callable[[], bool]
    ) -> None:
        self._wait: Callable[[float | None], Result] | None = wait
        self._is_ready: Callable[[], bool] | None = is_ready
        self._result: Result
        self._error: BaseException | None = None
        self.timed_out = False

    @classmethod
    def of(cls, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Promise:
        """Call a function now and promise what came of it.

        Args:
            function: What to call; if it returns a promise, that is the one returned.
            *args: Positional arguments of the call.
            **kwargs: Keyword arguments of the call.

        Returns:
            A promise that holds the function's result or the exception it raised.

        >>> promise = Promise.of(int, "twelve")
        >>> promise.ready()
        True
        >>> promise()
        Traceback (most recent call last):
        ValueError: invalid literal for int() with base 10: 'twelve'
        """
        promise = cls(lambda _: function(*args, **kwargs), lambda: True)
        try:
            result = promise.result()
        except Exception:
            return promise
        return result if isinstance(result, Promise) else promise

    def __call__(self) -> Result:
        """Wait for the result, for as long as the environment's own timeout allows."""
        return self.result()

    @property
    def fetched(self) -> bool:
        """Whether the result, or the failure, has been asked for and was there."""
        return self._wait is None

    def ready(self) -> bool:
        """Whether the result, or the failure, is there."""
        return self._is_ready is None or self._is_ready()

    def result(self, timeout: float | None = None) -> Result:
        """Wait for the result.

        Args:
            timeout: Seconds to wait at most; None leaves it to the environment.

        Raises:
            RequestTimeoutError: It did not come in time. It can be asked for again.
        """
        if self._wait is not None:
            try:
                self._result = self._wait(timeout)
            except RequestTimeoutError:
                self.timed_out = True
                raise
            except Exception as error:
                self._error = error
            self._wait = self._is_ready = None  # Lets go of where it came from.
        if self._error is not None:
            raise self._error
        return self._result

    def __repr__(self) -> str:
        state = "pending"
        if self._wait is None:
            state = "done" if self._error is None else "failed"
        return f"<Promise {state}>"
