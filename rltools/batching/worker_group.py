"""All environments of one worker, stepped by one message there and one back."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from rltools.batching.group import Call
from rltools.batching.promising_group import PromisingGroup
from rltools.errors import RequestTimeoutError, RLToolsError, WorkerError
from rltools.hosting.batched import assemble, part, split
from rltools.hosting.columns import Columns
from rltools.hosting.report import Report
from rltools.hosting.rows import rows_of
from rltools.process.client import WorkerClient
from rltools.process.failure import Failure
from rltools.process.packing import PackedReport
from rltools.process.promising_env import PromisingEnv
from rltools.process.protocol import Command
from rltools.process.request import Request
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
            supervisor.recall = self._kept.row

    def check_free(self, rows: Sequence[int], *, to_reset: bool) -> None:
        """See `Group`."""
        promised = self.supervisor.open.promised
        for row in promised.intersection(rows) if promised else ():
            self._envs[row].check_free(to_reset=to_reset)
            promised.discard(row)

    def step(self, actions: Any, resets: np.ndarray | None, same_step: bool) -> Call:
        """See `Group`."""
        supervisor = self.supervisor
        end = self.first + self.count
        mask: Any = False if resets is None else resets[self.first : end]

        def one_by_one() -> Call:
            return self.one_by_one().step(actions, resets, same_step)

        if supervisor.lost or (supervisor.unseeded and np.any(mask)):
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

        if not supervisor.lost.isdisjoint(rows):
            return RowsCall(self, rows, None, (), one_by_one)
        pairs = list(zip(rows, seeds, strict=True))
        arguments = (
            list(rows),
            [supervisor.seed_for(row, seed) for row, seed in pairs],
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

    def send(self, command: Command, arguments: tuple[Any, ...]) -> "SentRequest":
        """Ask the current life of the worker for something."""
        client = self.supervisor.client
        client.take_place()
        label = "step" if command is Command.STEP_ROWS else "reset"
        return SentRequest(client, client.request(command, *arguments, label=label))

    def recover(self, client: WorkerClient, error: WorkerError) -> None:
        """Begin a new life of the worker; raises if there is none left."""
        if not self.supervisor.is_fatal(error):
            raise error
        self.supervisor.recover(client, error)

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
            self.supervisor.forget(row for row in rows if row not in failed)

    def take(
        self, sent: "SentRequest", packed: PackedReport, rows: Iterable[int]
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


class SentRequest:
    """A request, and the life of the worker that it was sent to."""

    def __init__(self, client: WorkerClient, request: Request) -> None:
        self.client = client
        self._request = request

    def ready(self) -> bool:
        """Whether `wait` would return at once."""
        return self.client.channel.ready(self._request)

    def wait(self, timeout: float | None) -> PackedReport:
        """See `WorkerChannel.wait`."""
        return self.client.channel.wait(self._request, timeout)

    def error(self, failure: Failure, env: int) -> Exception:
        """The error for what one of the environments raised."""
        channel = self.client.channel
        return self._request.remote_error(failure, channel.index, str(channel), env)


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
        group: WorkerGroup,
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
        self._error: Exception | None = None
        self._is_taken = self._is_held = False
        self.given_up = False
        if command is None:
            self._other = one_by_one()
            return
        client = group.supervisor.client
        try:
            self._sent = group.send(command, arguments)
            group.supervisor.open.rows_call = self
        except WorkerError as error:
            self._begin_anew(client, error)
        except RLToolsError as error:
            self._error = error

    @classmethod
    def lost(
        cls,
        group: WorkerGroup,
        client: WorkerClient,
        error: WorkerError,
        one_by_one: Callable[[], Call],
    ) -> "RowsCall":
        """What becomes of a call when the life of its worker has ended.

        Args:
            group: Of the worker.
            client: That life.
            error: How it has ended.
            one_by_one: Makes the call one by one, after a restart.
        """
        call = cls.__new__(cls)
        call._group, call._one_by_one = group, one_by_one
        call._rows = range(group.count)
        call._sent = call._other = call._error = None
        call._is_taken = call._is_held = call.given_up = False
        call._begin_anew(client, error)
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
                    self._begin_anew(self._sent.client, error)
                else:
                    self._error = error
            else:
                self._is_taken = True
                report = self._group.take(self._sent, packed, self._rows)
                if self._is_reset:
                    failed = report.failures.keys() | report.violations.keys()
                    self._group.supervisor.failed_to_begin(failed)
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

    def _begin_anew(self, client: WorkerClient, error: WorkerError) -> None:
        self._sent = None
        supervisor = self._group.supervisor
        if not isinstance(error, RequestTimeoutError):
            supervisor.open.rows_call = None  # It is over, or has died with the worker.
        try:
            self._group.recover(client, error)
        except WorkerError as cause:
            self._error = cause
        else:
            supervisor.open.rows_call = None
            self._other = self._one_by_one()
