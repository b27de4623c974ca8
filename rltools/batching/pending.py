"""A call of a batch that was not waited for."""

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any
from weakref import ref

from rltools.batching.groups import JointCall
from rltools.errors import PendingCallError, RequestTimeoutError, RLToolsError
from rltools.hosting.report import Report
from rltools.process.promise import Promise


class PendingCall:
    """Joins the calls of groups to one, whose result is taken in once.

    Args:
        rows: The environments that take part.
        joint: The calls of groups, under way.
        finish: Takes in the reports, one of each call; returns the result of the call.

    Attributes:
        rows: See above.
    """

    def __init__(
        self,
        rows: Sequence[int],
        joint: JointCall,
        finish: Callable[[list[Report]], Any],
    ) -> None:
        self.rows = rows
        self._finish = finish
        self._joint = joint
        self._reports: list[Report] = []  # Of the first calls, as far as waited for.
        self._promise: ref[Promise] | None = None
        self._settled: Promise | None = None
        self._lock = threading.RLock()  # Threads may share the promise.
        for call in joint.calls:
            call.hold(True)  # Some may have ended while others are waited for.

    def promise(self) -> Promise:
        """A promise of the result."""
        joint = self._joint
        promise: Promise = Promise(self.result, self._is_ready)
        # A promise that is dropped is given up; what is over takes no notice.
        self._promise = ref(promise, lambda _: joint.give_up())
        return promise

    def result(self, timeout: float | None = None) -> Any:
        """Wait for the result.

        Raises:
            RequestTimeoutError: It did not come in time; nothing is lost.
        """
        if self._settled is None:
            deadline = None if timeout is None else time.monotonic() + timeout
            if not self._lock.acquire(timeout=-1 if timeout is None else timeout):
                raise RequestTimeoutError(
                    f"The batch has not come to an end within {timeout} seconds."
                )
            try:
                self._settle(deadline)
            finally:
                self._lock.release()
        assert self._settled is not None
        return self._settled()

    def _is_ready(self) -> bool:
        return self.is_over or all(call.ready() for call in self._joint.calls)

    def _settle(self, deadline: float | None) -> None:
        for call in self._joint.calls[len(self._reports) :]:
            remaining = None
            if deadline is not None:
                remaining = max(0.0, deadline - time.monotonic())
            self._reports.append(call.result(remaining))
        if self._settled is None:
            self._settled = Promise.of(self._finish, self._reports)
            for call in self._joint.calls:
                call.hold(False)

    @property
    def is_over(self) -> bool:
        """Whether the result has been taken in."""
        return self._settled is not None

    def check_out_of_the_way(self, *, of_reset: bool) -> None:
        """Check that nobody holds the promise who may still call it.

        Args:
            of_reset: A reset goes on from a promise whose wait has ended in vain.

        Raises:
            PendingCallError: Somebody does.
        """
        promise = None if self._promise is None else self._promise()
        if promise is not None and not (of_reset and promise.given_up):
            raise PendingCallError(
                "The batch is at work: call the promise of its last step or reset, or "
                "reset if it timed out or was interrupted."
            )

    def give_up(self, reason: RLToolsError) -> None:
        """Let nobody wait for it any more; its promise raises from now on."""
        self._joint.give_up()

        def fail() -> None:
            raise reason

        self._settled = Promise.of(fail)
