"""All groups of a batch, called as one."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from rltools.batching.crew import Crew
from rltools.batching.fleet_group import FleetGroup
from rltools.batching.group import Call, Done, Group, Readable
from rltools.batching.local_group import LocalGroup
from rltools.hosting.report import Report

# Infos and failures, each by place in the batch.
Outcome = tuple[Mapping[int, dict[str, Any]], Mapping[int, BaseException]]
_NOTHING: Outcome = (MappingProxyType({}), MappingProxyType({}))


class Groups:
    """Starts calls of groups, and reads what they have in their columns.

    Args:
        groups: In the order of their environments.
        blocking: Whether to wait for each before the next one is called.
    """

    def __init__(self, groups: Sequence[Group], *, blocking: bool) -> None:
        self.all = groups
        self._blocking = blocking
        self._only: LocalGroup | FleetGroup | Crew | None = Crew.of(groups)
        if len(groups) == 1 and isinstance(groups[0], LocalGroup | FleetGroup):
            self._only = groups[0]
        # Those whose columns hold all rows there are.
        self.readable: Sequence[Readable] = groups
        if self._only is not None:
            self.readable = [self._only]
        # What is called here comes last, so that the others work meanwhile.
        self._in_order = sorted(groups, key=lambda each: isinstance(each, LocalGroup))

    def check_free(self, rows: Sequence[int] | None, *, to_reset: bool) -> None:
        """Check that no promise of a single environment is in the way.

        Args:
            rows: Places in the batch; None for all.
            to_reset: Whether they are to be reset.

        Raises:
            PendingCallError: One is; nothing has moved.
        """
        for group in self.all:
            ours: Sequence[int] = range(group.count)
            if rows is not None:
                ours = [row - group.first for row in rows if row - group.first in ours]
            group.check_free(ours, to_reset=to_reset)

    def step(
        self, actions: Any, resets: np.ndarray | None, same_step: bool
    ) -> "JointCall":
        """Start a step of all environments; see `Group`."""
        joint = JointCall(self._in_order)
        try:
            for group in self._in_order:
                joint.add(group.step(actions, resets, same_step), self._blocking)
        except BaseException:  # Such as Ctrl-C.
            joint.give_up()
            raise
        return joint

    def carry_out(
        self, actions: Any, resets: np.ndarray | None, same_step: bool
    ) -> Outcome:
        """Step all environments and wait; see `Group`.

        Returns:
            The infos and the failures, by place in the batch.
        """
        if self._only is None:
            call = self.step(actions, resets, same_step)
            return call.merge(call.reports())
        # What most batches are, in fewer words.
        report = self._only.carry_out(actions, resets, same_step)
        if report is None or not report:
            return _NOTHING
        return report.infos, dict(sorted((report.failures | report.violations).items()))

    def reset(
        self,
        rows: Sequence[int],
        seeds: Sequence[int | None],
        options: dict[str, Any] | None,
        *,
        waits: bool,
    ) -> "JointCall":
        """Start the reset of some environments.

        Args:
            rows: Their places in the batch.
            seeds: The seed of each, or None.
            options: Of all of them.
            waits: Whether the caller waits for it at once.
        """
        seed_of = dict(zip(rows, seeds, strict=True))
        is_plain = waits and options is None and seeds.count(None) == len(seeds)
        rows = sorted(seed_of)
        chosen = {}
        for group in self._in_order:
            end = group.first + group.count
            if ours := [row for row in rows if group.first <= row < end]:
                chosen[group.first] = ours

        def start(group: Group) -> Call:
            ours = chosen[group.first]
            local = [row - group.first for row in ours]
            if is_plain and isinstance(group, FleetGroup):
                announced = group.announce_reset(local)
                if announced is not None:
                    return announced
            return group.reset(local, [seed_of[row] for row in ours], options)

        joint = JointCall([each for each in self._in_order if each.first in chosen])
        try:
            for group in joint.groups:
                joint.add(start(group), self._blocking)
        except BaseException:  # Such as Ctrl-C.
            joint.give_up()
            raise
        return joint

    def outcomes(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Copies of the rewards, terminations and truncations of all environments."""
        if len(self.readable) == 1:
            only = self.readable[0].columns
            return only.rewards.copy(), only.terminated.copy(), only.truncated.copy()
        columns = [group.columns for group in self.readable]
        return (
            np.concatenate([each.rewards for each in columns]),
            np.concatenate([each.terminated for each in columns]),
            np.concatenate([each.truncated for each in columns]),
        )


class JointCall:
    """The calls of several groups.

    Args:
        groups: The groups that take part.

    Attributes:
        groups: See above.
        calls: Their calls, as far as they have been started.
    """

    def __init__(self, groups: Sequence[Group]) -> None:
        self.groups = groups
        self.calls: list[Call] = []

    def add(self, call: Call, waits: bool) -> None:
        """Add the call of the next group; waits for its end if told to."""
        self.calls.append(call)
        if waits:
            self.calls[-1] = Done(call.result())

    def reports(self) -> list[Report]:
        """Wait for all of them."""
        try:
            return [call.result() for call in self.calls]
        except BaseException:  # Such as Ctrl-C.
            self.give_up()
            raise

    def give_up(self) -> None:
        """Note that nobody waits for it any more; it may still be carried out."""
        for call in self.calls:
            call.give_up()

    def merge(self, reports: Sequence[Report]) -> Outcome:
        """The infos and the failures of all groups, by place in the batch."""
        if not any(reports):
            return _NOTHING
        infos: dict[int, dict[str, Any]] = {}
        failures: dict[int, BaseException] = {}
        for group, report in zip(self.groups, reports, strict=True):
            for row, info in report.infos.items():
                infos[group.first + row] = info
            for row, error in (report.failures | report.violations).items():
                failures[group.first + row] = error
        # By place, in whatever order the groups were called.
        return dict(sorted(infos.items())), dict(sorted(failures.items()))
