"""A call of a batch that was not waited for."""

import threading
from collections.abc import Callable, Mapping
from typing import Any
from weakref import ref

from rltools.batching.gather import await_all, gather
from rltools.errors import PendingCallError
from rltools.process.promise import Promise


class PendingCall:
    """Joins the calls of environments to one, whose result is taken in once.

    Args:
        calls: Start the environments' calls and return the promises, by index.
        finish: Takes in their results and failures; returns the result of the call.

    Attributes:
        indices: The environments that take part.
    """

    def __init__(
        self, calls: Mapping[int, Callable[[], Promise]], finish: Callable[..., Any]
    ) -> None:
        self.indices = list(calls)
        self._calls = calls
        self._finish = finish
        self._promises: dict[int, Promise] = {}
        self._promise: ref[Promise] | None = None
        self._settled: Promise | None = None
        self._lock = threading.Lock()  # Threads may share the promise.

    def start(self) -> Promise:
        """Start all calls; returns the promise of the result."""
        for index, call in self._calls.items():
            self._promises[index] = call()
        promises = list(self._promises.values())
        promise: Promise = Promise(
            self._wait, lambda: all(each.ready() for each in promises)
        )
        self._promise = ref(promise)
        return promise

    @property
    def is_over(self) -> bool:
        """Whether the result has been taken in."""
        return self._settled is not None

    def check_out_of_the_way(self, *, of_reset: bool) -> None:
        """Check that nobody holds the promise who may still call it.

        Args:
            of_reset: A reset goes on from a promise that has timed out.

        Raises:
            PendingCallError: Somebody does.
        """
        promise = None if self._promise is None else self._promise()
        if promise is not None and not (of_reset and promise.given_up):
            raise PendingCallError(
                "The batch is at work: call the promise of its last step or reset, or "
                "reset if it timed out."
            )

    def give_up(self) -> None:
        """Let nobody wait for it any more; its promise raises from now on."""
        with self._lock:
            for promise in self._promises.values():
                promise.give_up()
            self._settled = Promise.of(_raise_given_up)

    def _wait(self, timeout: float | None) -> Any:
        if timeout is not None:
            await_all(self._promises, timeout)
        outcome = gather(self._promises)
        with self._lock:
            if self._settled is None:
                self._settled = Promise.of(self._finish, *outcome)
        return self._settled()


def _raise_given_up() -> None:
    raise PendingCallError("The call was given up when the batch was used again.")
