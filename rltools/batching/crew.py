"""Workers, and environments of this process that step while those work."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from rltools.batching.fleet_group import FleetGroup
from rltools.batching.group import Group
from rltools.batching.local_group import LocalGroup
from rltools.hosting.columns import Columns
from rltools.hosting.report import Report


class Crew:
    """A batch of two groups whose rows lie together: read, and stepped, as one.

    Args:
        fleet: The workers, whose environments come first.
        local: The environments of this process, with rows in the fleet's memory.
    """

    first = 0

    def __init__(self, fleet: FleetGroup, local: LocalGroup) -> None:
        self.count = fleet.count + local.count
        self._fleet = fleet
        self._local = local

    @classmethod
    def of(cls, groups: Sequence[Group]) -> "Crew | None":
        """The crew that the groups of a batch form, if they do."""
        if len(groups) != 2:
            return None
        fleet, local = groups
        if isinstance(fleet, FleetGroup) and fleet.here:
            assert isinstance(local, LocalGroup), "For whom its rows are."
            return cls(fleet, local)
        return None

    @property
    def columns(self) -> Columns:
        """The rows of all environments; see `Group`."""
        return self._fleet.fleet.all_columns

    def carry_out(
        self, actions: Any, resets: np.ndarray | None, same_step: bool
    ) -> Report | None:
        """Step and wait; see `Group`. Returns None if there is nothing to tell."""
        here: Report | None = None

        def work() -> None:
            nonlocal here
            here = self._local.carry_out(actions, resets, same_step)

        report = self._fleet.carry_out(actions, resets, same_step, meanwhile=work)
        if here:
            report = report or Report()
            report.add(here, first=self._local.first)
        return report
