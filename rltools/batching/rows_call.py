"""A call of all environments of a worker."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from rltools.batching.group import Call
from rltools.batching.sent_request import SentRequest
from rltools.errors import RequestTimeoutError, RLToolsError, WorkerError
from rltools.hosting.report import Report
from rltools.process.link import Link
from rltools.process.protocol import Command

if TYPE_CHECKING:
    from rltools.batching.worker_group import WorkerGroup


class RowsCall:
    """A call of all environments of a worker; see `Call`.

    Attributes:
        given_up: Whether nobody waits for it any more.

    Args:
        group: Of the worker.
        rows: The environments that take part.
        command: What to ask for; None for doing it one by one.
        arguments: Of the command.
        one_by_one: Makes the call one by one, after a restart.
    """

    def __init__(
        self,
        group: "WorkerGroup",
        rows: Sequence[int],
        command: Command | None,
        arguments: tuple[Any, ...],
        one_by_one: Callable[[], Call],
    ) -> None:
        self._group = group
        self._rows = rows
        self._is_reset = command is Command.RESET_ROWS
        self._one_by_one = one_by_one
        self._sent: SentRequest | None = None
        self._other: Call | None = None
        # Without a traceback, whose frames would hold on to the promise waited for.
        self._error: Exception | None = None
        self._is_taken = self._is_held = False
        self.given_up = False
        if command is None:
            self._other = one_by_one()
            return
        channel = group.supervisor.client.channel
        try:
            self._sent = group.send(command, arguments)
            group.supervisor.open.rows_call = self
        except WorkerError as error:
            self._begin_anew(channel, error)
        except RLToolsError as error:
            self._error = error.with_traceback(None)

    @classmethod
    def lost(
        cls,
        group: "WorkerGroup",
        rows: Sequence[int],
        channel: Link,
        error: WorkerError,
        one_by_one: Callable[[], Call],
    ) -> "RowsCall":
        """What becomes of a call when the life of its worker has ended.

        Args:
            group: Of the worker.
            rows: The environments that took part.
            channel: The way to that life.
            error: How it has ended.
            one_by_one: Makes the call one by one, after a restart.
        """
        call = cls.__new__(cls)
        call._group, call._one_by_one = group, one_by_one
        call._rows = rows
        call._sent = call._other = call._error = None
        call._is_taken = call._is_held = call.given_up = False
        call._begin_anew(channel, error)
        return call

    @property
    def is_over(self) -> bool:
        """Whether its result has been taken, and nobody needs its rows any more."""
        return self._is_taken and not self._is_held

    def hold(self, is_held: bool) -> None:
        """See `Call`."""
        self._is_held = is_held

    def give_up(self) -> None:
        """See `Call`."""
        self.given_up, self._is_held = True, False
        if self._other is not None:
            self._other.give_up()
        elif self._group.supervisor.open.rows_call is self:
            self._group.supervisor.open.give_up_rows_call()

    def ready(self) -> bool:
        """See `Call`."""
        if self._other is not None:
            return self._other.ready()
        return self._sent is None or self._sent.ready()

    def result(self, timeout: float | None = None) -> Report:
        """See `Call`."""
        if self._sent is not None:
            try:
                packed = self._sent.wait(timeout)
            except RLToolsError as error:
                if isinstance(error, RequestTimeoutError) and timeout is not None:
                    raise
                if isinstance(error, RequestTimeoutError):
                    self.give_up()
                else:
                    self._is_taken = True
                if isinstance(error, WorkerError):
                    self._begin_anew(self._sent.channel, error)
                else:
                    self._error = error.with_traceback(None)
            else:
                self._is_taken = True
                report = self._group.take(self._sent, packed, self._rows)
                if self._is_reset:
                    failed = report.failures.keys() | report.violations.keys()
                    self._group.supervisor.episodes.fail_to_begin(failed)
                self._group.keep(self._rows, report)
                return report
        if self._other is not None:
            report = self._other.result(timeout)
            self._is_taken = True
            if self._is_held:
                self._group.supervisor.open.rows_call = self
            return report
        assert self._error is not None
        return Report(failures=dict.fromkeys(self._rows, self._error))

    def _begin_anew(self, channel: Link, error: WorkerError) -> None:
        self._sent = None
        supervisor = self._group.supervisor
        if not isinstance(error, RequestTimeoutError):
            supervisor.open.rows_call = None  # It is over, or has died with the worker.
        try:
            self._group.recover(channel, error)
        except WorkerError as cause:
            self._error = cause.with_traceback(None)
        else:
            supervisor.open.rows_call = None
            self._other = self._one_by_one()
