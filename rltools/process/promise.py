"""The result of a call that may still be under way."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Any, Generic, TypeVar

from rltools.errors import RequestTimeoutError, RLToolsError

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
        given_up: Whether a wait for the result has ended without it.
    """

    def __init__(
        self, wait: Callable[[float | None], Result], is_ready: Callable[[], bool]
    ) -> None:
        self._wait: Callable[[float | None], Result] | None = wait
        self._is_ready: Callable[[], bool] | None = is_ready
        self._result: Result
        self._error: BaseException | None = None
        self._traceback: TracebackType | None = None
        self.given_up = False

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
        promise: Promise[Any] = cls(_unreachable, lambda: True)
        promise._wait = promise._is_ready = None
        try:
            promise._result = function(*args, **kwargs)
        except Exception as error:
            promise._error, promise._traceback = error, error.__traceback__
        else:
            if isinstance(promise._result, Promise):
                return promise._result
        return promise

    def __call__(self) -> Result:
        """Wait for the result, for as long as the environment's own timeout allows."""
        return self.result()

    @property
    def fetched(self) -> bool:
        """Whether the result, or the failure, has been asked for and was there."""
        return self._wait is None

    def forget_traceback(self) -> None:
        """Forget how a failure came here: its frames hold on to promises of callers."""
        self._traceback = None
        if self._error is not None:
            self._error.__traceback__ = None

    def give_up(self) -> None:
        """Note that nobody waits for the result any more; it may still come."""
        self.given_up = True

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
            except RLToolsError as error:
                if isinstance(error, RequestTimeoutError) and not error.is_final:
                    self.give_up()
                    raise
                self._error = error
                self._traceback = error.__traceback__
            except BaseException:  # Of the wait, such as a signal handler's.
                self.give_up()
                raise
            self._wait = self._is_ready = None  # Lets go of where it came from.
        if self._error is not None:
            # With its own traceback, which else would grow with every call.
            raise self._error.with_traceback(self._traceback)
        return self._result

    def __repr__(self) -> str:
        state = "pending"
        if self._wait is None:
            state = "done" if self._error is None else "failed"
        return f"<Promise {state}>"


def _unreachable(_: float | None) -> Any:
    raise AssertionError("a promise that is kept has nothing to wait for")
