"""All environments of several workers, stepped by one number in shared memory."""

import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from rltools.batching.group import Call
from rltools.batching.worker_group import RowsCall, SentRequest, WorkerGroup
from rltools.errors import NotPicklableError, RLToolsError, WorkerError
from rltools.hosting.batched import parter
from rltools.hosting.columns import Columns
from rltools.hosting.report import Report
from rltools.process.channel import WorkerChannel
from rltools.process.fleet import Fleet
from rltools.process.lockstep import Lockstep
from rltools.process.protocol import Message, Status
from rltools.process.signals import SAME_STEP


class FleetGroup:
    """Steps neighbouring workers together, as long as nothing out of the ordinary is.

    Whatever is out of the ordinary is left to a group for each worker: resets, which
    have arguments, and the time from a restart until all is as before.

    Args:
        members: The groups of the workers, in their order; all values of their spaces
            have a fixed size, and their timeouts are the same.
    """

    def __init__(self, members: Sequence[WorkerGroup]) -> None:
        self.first = members[0].first
        self.count = sum(member.count for member in members)
        self.members = members
        about = members[0].supervisor.client.constructed()
        self._part = parter(about["action_space"], self.first, self.first + self.count)
        self.fleet = Fleet(
            about["observation_space"],
            about["action_space"],
            [member.count for member in members],
        )
        self.lockstep = Lockstep(self.fleet)
        for member, berth in zip(members, self.fleet.berths, strict=True):
            member.supervisor.client.move_in(berth)
            member.supervisor.lockstep = self.lockstep
        for member in members:
            member.supervisor.client.moved_in()
        self._timeout = members[0].supervisor.timeout
        self._has_resets = False
        self.restartable = any(each.supervisor.restartable for each in members)

    @property
    def columns(self) -> Columns:
        """See `Group`; not kept here, so that they are gone once it is closed."""
        return self.fleet.columns

    def step(self, actions: Any, resets: np.ndarray | None, same_step: bool) -> Call:
        """See `Group`."""
        if self.fleet.disturbed and not self._settle():
            return MembersCall(
                self, [each.step(actions, resets, same_step) for each in self.members]
            )
        call = StepCall(self, self._timeout, (actions, resets, same_step))
        self.lockstep.call = call
        self._announce(actions, resets, same_step)
        return call

    def carry_out(
        self, actions: Any, resets: np.ndarray | None, same_step: bool
    ) -> Report | None:
        """Step and wait; see `Group`. Returns None if there is nothing to tell."""
        if self.restartable or (self.fleet.disturbed and not self._settle()):
            return self.step(actions, resets, same_step).result()
        self._announce(actions, resets, same_step)
        timeout, lockstep = self._timeout, self.lockstep
        deadline = None if timeout is None else time.monotonic() + timeout
        if lockstep.wait(deadline) and not lockstep.died and not lockstep.has_reports():
            return None
        return StepCall(self, 0.0, (actions, resets, same_step)).result()

    def _announce(
        self, actions: Any, resets: np.ndarray | None, same_step: bool
    ) -> None:
        columns = self.fleet.columns
        assert columns.actions is not None
        columns.actions.put(self._part(actions))
        if resets is not None or self._has_resets:
            end = self.first + self.count
            columns.resets[:] = False if resets is None else resets[self.first : end]
            self._has_resets = resets is not None
        self.lockstep.begin(SAME_STEP if same_step else 0)

    def reset(
        self,
        rows: Sequence[int],
        seeds: Sequence[int | None],
        options: dict[str, Any] | None,
    ) -> "MembersCall":
        """See `Group`."""
        seed_of = dict(zip(rows, seeds, strict=True))
        calls: list[Call | None] = []
        for member in self.members:
            first = member.first - self.first
            local = [r - first for r in seed_of if first <= r < first + member.count]
            chosen = [seed_of[first + row] for row in local]
            calls.append(member.reset(local, chosen, options) if local else None)
        return MembersCall(self, calls)

    def keep(self) -> None:
        """Keep the observations of now, where a restart may need them."""
        for member in self.members:
            member.keep()

    def add(self, index: int, found: Report, report: Report) -> None:
        """Add what a member reports to the report of all."""
        first = self.members[index].first - self.first
        report.infos |= {first + row: each for row, each in found.infos.items()}
        report.failures |= {first + row: e for row, e in found.failures.items()}
        report.violations |= {first + row: e for row, e in found.violations.items()}

    def _settle(self) -> bool:
        """Whether a step can be announced: all live and have nothing else to do."""
        fleet, lockstep = self.fleet, self.lockstep
        fleet.disturbed = False  # Before the look: what comes after it counts.
        links = [each.supervisor.client.channel for each in self.members]
        lockstep.channels = [link for link in links if isinstance(link, WorkerChannel)]
        settled = fleet.signals is not None and not lockstep.missing()
        for member, channel in zip(self.members, lockstep.channels, strict=True):
            supervisor = member.supervisor
            channel.look()
            is_usual = not (supervisor.lost or supervisor.unseeded)
            is_free = channel.idle and not (channel.dead or channel.closed)
            settled = settled and is_usual and is_free
        if not settled:
            fleet.disturbed = True
        return settled


class StepCall:
    """A step of all workers that was announced; see `Call`.

    Attributes:
        is_over: Whether all workers have carried it out, or have died.
        given_up: Whether nobody waits for it any more.

    Args:
        group: The group.
        timeout: Seconds that it may take.
        arguments: Those of the group's `step`.
    """

    def __init__(
        self, group: FleetGroup, timeout: float | None, arguments: tuple[Any, ...]
    ) -> None:
        self._group = group
        self._timeout = timeout
        self._arguments = arguments
        self.is_over = False
        self.given_up = False

    def ready(self) -> bool:
        """See `Call`."""
        return self.is_over or self._group.lockstep.has_ended()

    def give_up(self) -> None:
        """See `Call`."""
        self.given_up = True
        self._group.fleet.disturbed = True  # They may be at it for long.

    def result(self, timeout: float | None = None) -> Report:
        """See `Call`."""
        lockstep = self._group.lockstep
        limit = self._timeout if timeout is None else timeout
        deadline = None if limit is None else time.monotonic() + limit
        late = [] if lockstep.wait(deadline) else lockstep.missing()
        errors: dict[int, RLToolsError] = {}
        for index in late:
            channel = lockstep.channels[index]
            errors[index] = channel.late(lockstep.request(index), limit)
            if timeout is not None:
                raise errors[index]
        if late:
            self.give_up()
        self.is_over = not late
        for index in lockstep.died:
            errors[index] = lockstep.channels[index].gone(lockstep.request(index))
        report = Report()
        for index, message in lockstep.reports().items():
            self._group.add(index, self._read(index, message), report)
        for index, error in sorted(errors.items()):
            self._group.add(index, self._fail(index, error), report)
        if self._group.restartable:
            self._group.keep()
        return report

    def _read(self, index: int, message: Message | None) -> Report:
        lockstep, member = self._group.lockstep, self._group.members[index]
        request, channel = lockstep.request(index), lockstep.channels[index]
        if message is None:
            return self._fail(index, channel.gone(request))
        request.accept(message._replace(kind=Status.RETURNED))
        sent = SentRequest(member.supervisor.client, request)
        try:
            return member.take(sent, sent.wait(0.0))
        except NotPicklableError as error:
            return self._fail(index, error)

    def _fail(self, index: int, error: RLToolsError) -> Report:
        member = self._group.members[index]
        if not isinstance(error, WorkerError):
            return Report(failures=dict.fromkeys(range(member.count), error))

        def one_by_one() -> Call:
            return member.one_by_one().step(*self._arguments)

        client = member.supervisor.client
        return RowsCall.lost(member, client, error, one_by_one).result()


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
