"""Calls of several workers that share memory."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from rltools.batching.group import Call
from rltools.batching.rows_call import RowsCall
from rltools.batching.sent_request import SentRequest
from rltools.errors import NotPicklableError, RLToolsError, WorkerError
from rltools.hosting.report import Report
from rltools.process.protocol import Message, Status

if TYPE_CHECKING:
    from rltools.batching.fleet_group import FleetGroup

_NOTHING = Report()


class AnnouncedCall:
    """A step of all workers, or a reset of some environments, announced; see `Call`.

    Attributes:
        is_over: Whether all workers have carried it out, or have died.
        given_up: Whether nobody waits for it any more.

    Args:
        group: The group.
        timeout: Seconds that it may take.
        rows: The environments of each worker that are reset; None for a step.
        again: Makes the call of a worker's environments, by the worker's index, one
            by one, after a restart.
    """

    def __init__(
        self,
        group: FleetGroup,
        timeout: float | None,
        rows: Sequence[Sequence[int]] | None,
        again: Callable[[int], Call],
    ) -> None:
        self._group = group
        self._timeout = timeout
        self._rows = rows
        self._again = again
        self.is_over = False
        self.given_up = False

    def ready(self) -> bool:
        """See `Call`."""
        return self.is_over or self._group.lockstep.has_ended()

    def give_up(self) -> None:
        """See `Call`."""
        if self.is_over or self.given_up:  # What has begun since is not late.
            return
        self.given_up = True
        for index in range(len(self._group.members)):
            self._group.note_late(index)

    def hold(self, is_held: bool) -> None:
        """See `Call`. Nothing has ended before all has."""

    def result(self, timeout: float | None = None) -> Report:
        """See `Call`."""
        lockstep = self._group.lockstep
        limit = self._timeout if timeout is None else timeout
        deadline = None if limit is None else time.monotonic() + limit
        late = [] if lockstep.wait(deadline) else lockstep.missing()
        if late and timeout is not None:
            first = late[0]
            raise lockstep.channels[first].late(lockstep.request(first), limit)
        return self.collect(late, limit)

    def collect(self, late: Sequence[int], limit: float | None) -> Report:
        """Report what has become of a call that has been waited for.

        Args:
            late: The indices of workers that have not carried it out in time.
            limit: How many seconds they had.
        """
        lockstep = self._group.lockstep
        errors: dict[int, RLToolsError] = {}
        for index in late:
            channel = lockstep.channels[index]
            errors[index] = channel.late(lockstep.request(index), limit)
            self._group.note_late(index)
        self.is_over = True
        for index in lockstep.died:
            errors[index] = lockstep.channels[index].gone(lockstep.request(index))
        report, reports = Report(), lockstep.reports()
        for index, member in enumerate(self._group.members):
            found = _NOTHING
            if index in errors:
                found = self._fail(index, errors[index])
            elif index in reports:
                found = self._read(index, reports[index])
            if index not in errors and self._group.restartable:
                member.keep(self._rows_of(index), found)
            if found:
                self._group.add(index, found, report)
        return report

    def _read(self, index: int, message: Message | None) -> Report:
        lockstep, member = self._group.lockstep, self._group.members[index]
        request, channel = lockstep.request(index), lockstep.channels[index]
        if message is None:
            return self._fail(index, channel.gone(request))
        request.accept(message._replace(kind=Status.RETURNED))
        sent = SentRequest(channel, request)
        try:
            report = member.take(sent, sent.wait(0.0), self._rows_of(index))
        except NotPicklableError as error:
            return self._fail(index, error)
        if self._rows is not None:
            failed = report.failures.keys() | report.violations.keys()
            member.supervisor.episodes.fail_to_begin(failed)
        return report

    def _fail(self, index: int, error: RLToolsError) -> Report:
        member, rows = self._group.members[index], self._rows_of(index)
        if not isinstance(error, WorkerError):
            return Report(failures=dict.fromkeys(rows, error))
        again = partial(self._again, index)
        channel = self._group.lockstep.channels[index]
        return RowsCall.lost(member, rows, channel, error, again).result()

    def _rows_of(self, index: int) -> Sequence[int]:
        if self._rows is None:
            return range(self._group.members[index].count)
        return self._rows[index]


class MembersCall:
    """The calls of the workers one by one; see `Call`.

    Args:
        group: The group.
        calls: One for each worker; None for those that have nothing to do.
    """

    def __init__(self, group: FleetGroup, calls: Sequence[Call | None]) -> None:
        self._group = group
        self._calls = calls
        self._reports: dict[int, Report] = {}

    def ready(self) -> bool:
        """See `Call`."""
        return all(call.ready() for call in self._calls if call is not None)

    def give_up(self) -> None:
        """See `Call`."""
        for call in self._calls:
            if call is not None:
                call.give_up()

    def hold(self, is_held: bool) -> None:
        """See `Call`."""
        for call in self._calls:
            if call is not None:
                call.hold(is_held)

    def result(self, timeout: float | None = None) -> Report:
        """See `Call`."""
        deadline = None if timeout is None else time.monotonic() + timeout
        for index, call in enumerate(self._calls):
            if call is not None and index not in self._reports:
                remaining = None
                if deadline is not None:
                    remaining = max(0.0, deadline - time.monotonic())
                self._reports[index] = call.result(remaining)
        report = Report()
        for index, found in self._reports.items():
            self._group.add(index, found, report)
        return report
