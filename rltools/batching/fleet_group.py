"""All environments of several workers, stepped by one number in shared memory."""

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from rltools.batching.fleet_calls import AnnouncedCall, MembersCall
from rltools.batching.group import Call
from rltools.batching.worker_group import WorkerGroup
from rltools.hosting.batched import parter
from rltools.hosting.columns import Columns
from rltools.hosting.report import Report
from rltools.process.channel import WorkerChannel
from rltools.process.fleet import Fleet
from rltools.process.lockstep import Lockstep
from rltools.process.signals import RESET_ONLY, SAME_STEP


class FleetGroup:
    """Steps neighbouring workers together, as long as nothing out of the ordinary is.

    Whatever is out of the ordinary is left to a group for each worker: resets with
    arguments, and the time from a restart until all is as before.

    Args:
        members: The groups of the workers, in their order; all values of their spaces
            have a fixed size, and their timeouts are the same.
        here: How many rows there are to be in the same memory for environments of this
            process, which come next.
    """

    def __init__(self, members: Sequence[WorkerGroup], here: int = 0) -> None:
        self.first = members[0].first
        self.count = sum(member.count for member in members)
        self.members = members
        about = members[0].supervisor.client.constructed()
        self._part = parter(about["action_space"], self.first, self.first + self.count)
        self.fleet = Fleet(
            about["observation_space"],
            about["action_space"],
            [member.count for member in members],
            here,
        )
        self.lockstep = Lockstep(self.fleet)
        for member, berth in zip(members, self.fleet.berths, strict=True):
            member.supervisor.client.move_in(berth)
            member.supervisor.open.lockstep = self.lockstep
        for member in members:
            member.supervisor.client.moved_in()
        self._timeout = members[0].supervisor.timeout
        self.here = here
        self._has_resets = False
        self.restartable = any(each.supervisor.restartable for each in members)

    @property
    def columns(self) -> Columns:
        """See `Group`; not kept here, so that they are gone once it is closed."""
        return self.fleet.columns

    def step(self, actions: Any, resets: np.ndarray | None, same_step: bool) -> Call:
        """See `Group`."""
        if self.fleet.disturbed and not self._settle():
            self._has_resets = True  # The groups of the workers write there, too.
            return MembersCall(
                self, [each.step(actions, resets, same_step) for each in self.members]
            )
        call = self._step_call(actions, resets, same_step)
        self.lockstep.call = call
        try:
            self._announce_step(actions, resets, same_step)
        except BaseException:  # Such as Ctrl-C.
            call.give_up()
            raise
        return call

    def carry_out(
        self,
        actions: Any,
        resets: np.ndarray | None,
        same_step: bool,
        meanwhile: Callable[[], Any] | None = None,
    ) -> Report | None:
        """Step and wait.

        Args:
            actions: See `Group`.
            resets: See `Group`.
            same_step: See `Group`.
            meanwhile: Called while the workers work.

        Returns:
            None if there is nothing to tell.
        """
        if self.restartable or (self.fleet.disturbed and not self._settle()):
            call = self.step(actions, resets, same_step)
            try:
                if meanwhile is not None:
                    meanwhile()
                return call.result()
            except BaseException:  # Such as Ctrl-C.
                call.give_up()
                raise
        timeout, lockstep = self._timeout, self.lockstep
        try:
            self._announce_step(actions, resets, same_step)
            if meanwhile is not None:
                meanwhile()
            deadline = None if timeout is None else time.monotonic() + timeout
            is_in_time = lockstep.wait(deadline)
        except BaseException:  # Such as Ctrl-C.
            for index in range(len(self.members)):
                self.note_late(index)
            raise
        if is_in_time and not lockstep.died and not lockstep.has_reports():
            return None
        announced = self._step_call(actions, resets, same_step)
        return announced.collect([] if is_in_time else lockstep.missing(), timeout)

    def announce_reset(self, rows: Sequence[int]) -> AnnouncedCall | None:
        """Start a reset without arguments, for a caller who waits for it at once.

        Returns:
            None if it is to be done by messages.
        """
        parts = self._split(rows)
        # Where workers share cores, those with nothing to reset are better left alone.
        is_for_all = all(parts) or not self.lockstep.is_crowded
        if self.fleet.disturbed or not is_for_all:
            return None

        def again(index: int) -> Call:
            seeds = [None] * len(parts[index])
            return self.members[index].one_by_one().reset(parts[index], seeds, None)

        call = AnnouncedCall(self, self._timeout, parts, again)
        for member, part in zip(self.members, parts, strict=True):
            member.supervisor.begun(part)
        resets = self.fleet.columns.resets
        try:
            self._has_resets = True
            resets[:] = False
            resets[rows] = True
            self.lockstep.begin(RESET_ONLY)
        except BaseException:  # Such as Ctrl-C.
            call.give_up()
            raise
        return call

    def _step_call(self, *arguments: Any) -> AnnouncedCall:
        def again(index: int) -> Call:
            return self.members[index].one_by_one().step(*arguments)

        return AnnouncedCall(self, self._timeout, None, again)

    def _announce_step(
        self, actions: Any, resets: np.ndarray | None, same_step: bool
    ) -> None:
        columns = self.fleet.columns
        assert columns.actions is not None
        columns.actions.put(self._part(actions))
        if resets is not None or self._has_resets:
            self._has_resets = True  # Should what follows be interrupted.
            end = self.first + self.count
            columns.resets[:] = False if resets is None else resets[self.first : end]
            self._has_resets = resets is not None
        self.lockstep.begin(SAME_STEP if same_step else 0)

    def reset(
        self,
        rows: Sequence[int],
        seeds: Sequence[int | None],
        options: dict[str, Any] | None,
    ) -> MembersCall:
        """See `Group`."""
        seed_of = dict(zip(rows, seeds, strict=True))
        calls: list[Call | None] = []
        for member, ours in zip(self.members, self._split(rows), strict=True):
            first = member.first - self.first
            chosen = [seed_of[first + row] for row in ours]
            calls.append(member.reset(ours, chosen, options) if ours else None)
        return MembersCall(self, calls)

    def check_free(self, rows: Sequence[int], *, to_reset: bool) -> None:
        """See `Group`."""
        if self.fleet.disturbed:  # Nobody has promised anything else.
            for member, ours in zip(self.members, self._split(rows), strict=True):
                member.check_free(ours, to_reset=to_reset)

    def note_late(self, index: int) -> None:
        """Note that a worker may still carry out a call that nobody waits for."""
        self.fleet.disturbed = True
        self.members[index].supervisor.open.note_late_step()

    def add(self, index: int, found: Report, report: Report) -> None:
        """Add what a member reports to the report of all."""
        report.add(found, first=self.members[index].first - self.first)

    def _split(self, rows: Sequence[int]) -> list[list[int]]:
        """The rows of each member, counted from its first one."""
        parts = []
        for member in self.members:
            first = member.first - self.first
            parts.append([r - first for r in rows if first <= r < first + member.count])
        return parts

    def _settle(self) -> bool:
        """Whether something can be announced: all live and have nothing else to do."""
        fleet, lockstep = self.fleet, self.lockstep
        fleet.disturbed = False  # Before the look: what comes after it counts.
        links = [each.supervisor.client.channel for each in self.members]
        lockstep.replace([link for link in links if isinstance(link, WorkerChannel)])
        settled = fleet.signals is not None and not lockstep.missing()
        for member, channel in zip(self.members, lockstep.channels, strict=True):
            supervisor = member.supervisor
            channel.look()
            is_usual = not (supervisor.episodes.lost or supervisor.episodes.unseeded)
            is_free = channel.idle and not (channel.dead or channel.closed)
            settled = settled and is_usual and is_free
        if not settled:
            fleet.disturbed = True
        for member in self.members if settled else ():
            member.supervisor.open.rows_call = None  # Nothing is late any more.
        return settled
