"""All environments of one worker, stepped by one message there and one back."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from rltools.batching.group import Call
from rltools.batching.promising_group import PromisingGroup
from rltools.batching.rows_call import RowsCall
from rltools.batching.sent_request import SentRequest
from rltools.errors import WorkerError
from rltools.hosting.batched import assemble, part, split
from rltools.hosting.columns import Columns
from rltools.hosting.report import Report
from rltools.hosting.rows import rows_of
from rltools.process.link import Link
from rltools.process.packing import PackedReport
from rltools.process.promising_env import PromisingEnv
from rltools.process.protocol import Command
from rltools.process.supervisor import Supervisor


class WorkerGroup:
    """Steps all environments of a worker; actions and results are in shared rows.

    After a restart the environments are called one by one, until all of them have
    begun an episode in the new life.

    Args:
        supervisor: Of the worker.
        envs: All its environments, in their order.
        first: Place in the batch of the first one.
    """

    def __init__(
        self, supervisor: Supervisor, envs: Sequence[PromisingEnv], first: int
    ) -> None:
        self.first = first
        self.count = len(envs)
        self.supervisor = supervisor
        supervisor.place(first)
        about = supervisor.client.constructed()
        self._action_space = about["action_space"]
        self._observation_space = about["observation_space"]
        self._envs = envs
        # What was in the rows before a worker died while it wrote there.
        self._kept = None
        if supervisor.restartable:
            self._kept = rows_of(self._observation_space, self.count)
            supervisor.episodes.recall = self._kept.row

    def check_free(self, rows: Sequence[int], *, to_reset: bool) -> None:
        """See `Group`."""
        promised = self.supervisor.open.promised
        for row in promised.intersection(rows) if promised else ():
            self._envs[row].check_free(to_reset=to_reset)
            if not to_reset:  # Else it may be late, and the reset may be refused yet.
                promised.discard(row)

    def step(self, actions: Any, resets: np.ndarray | None, same_step: bool) -> Call:
        """See `Group`."""
        supervisor = self.supervisor
        end = self.first + self.count
        mask: Any = False if resets is None else resets[self.first : end]

        def one_by_one() -> Call:
            return self.one_by_one().step(actions, resets, same_step)

        episodes = supervisor.episodes
        if episodes.lost or (episodes.unseeded and np.any(mask)):
            return RowsCall(self, range(self.count), None, (), one_by_one)
        ours = part(self._action_space, actions, self.first, end)
        if self.columns.actions is not None:
            self.columns.actions.put(ours)
            arguments: tuple[Any, ...] = (None, True) if same_step else ()
        else:
            arguments = split(self._action_space, ours, self.count), same_step
        self.columns.resets[:] = mask
        return RowsCall(
            self, range(self.count), Command.STEP_ROWS, arguments, one_by_one
        )

    def reset(
        self,
        rows: Sequence[int],
        seeds: Sequence[int | None],
        options: dict[str, Any] | None,
    ) -> Call:
        """See `Group`."""
        supervisor = self.supervisor

        def one_by_one() -> Call:
            return self.one_by_one().reset(rows, seeds, options)

        # What is late must not find another observation in place of its own.
        episodes = supervisor.episodes
        if supervisor.client.awaits_row or not episodes.lost.isdisjoint(rows):
            return RowsCall(self, rows, None, (), one_by_one)
        pairs = list(zip(rows, seeds, strict=True))
        arguments = (
            list(rows),
            [episodes.seed_for(row, seed) for row, seed in pairs],
            options,
        )
        supervisor.begun(rows)
        return RowsCall(self, rows, Command.RESET_ROWS, arguments, one_by_one)

    @property
    def columns(self) -> Columns:
        """See `Group`; not kept here, so that they are gone once it is closed."""
        return self.supervisor.client.columns

    def one_by_one(self) -> PromisingGroup:
        """The same environments, each called on its own."""
        return PromisingGroup(self._envs, self.first, self.columns)

    def send(self, command: Command, arguments: tuple[Any, ...]) -> SentRequest:
        """Ask the current life of the worker for something."""
        client = self.supervisor.client
        client.take_place()
        label = "step" if command is Command.STEP_ROWS else "reset"
        request = client.request(command, *arguments, label=label)
        return SentRequest(client.channel, request)

    def recover(self, channel: Link, error: WorkerError) -> None:
        """Begin a new life of the worker; raises if there is none left."""
        if not self.supervisor.is_fatal(error):
            raise error
        self.supervisor.recover(channel, error)

    def keep(self, rows: Iterable[int], report: Report) -> None:
        """Keep the observations of now, which are new in some rows if a report says so.

        Args:
            rows: The rows of environments that have been called.
            report: Tells which of them have failed.
        """
        if self._kept is not None:
            leaves = iter(self.columns.observs.leaves())
            self._kept.put(assemble(self._observation_space, leaves))
            failed = report.failures.keys() | report.violations.keys()
            self.supervisor.episodes.forget(row for row in rows if row not in failed)

    def take(
        self, sent: SentRequest, packed: PackedReport, rows: Iterable[int]
    ) -> Report:
        """The report that a worker has packed, of a call of some environments."""
        rows = list(rows)
        columns = [
            leaf for leaf in self.columns.observs.leaves() if isinstance(leaf, list)
        ]
        for leaf, values in zip(columns, packed.objects, strict=bool(packed.objects)):
            for row in rows:  # The others' may be of a life that knew nothing yet.
                leaf[row] = values[row]
        report = Report(infos=packed.infos)
        for row, failure in packed.failures.items():
            report.failures[row] = sent.error(failure, self.first + row)
        for row, violation in packed.violations.items():
            original = violation.original()
            if not isinstance(original, Exception):
                original = sent.error(violation, self.first + row)
            report.violations[row] = original
        return report
