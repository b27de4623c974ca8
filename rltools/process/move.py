"""A step or reset of one environment, which may outlive the worker it was sent to."""

from copy import deepcopy
from typing import Any

from rltools.errors import RemoteError, RequestTimeoutError, WorkerError
from rltools.process.client import WorkerClient
from rltools.process.protocol import Command
from rltools.process.request import Request
from rltools.process.supervisor import Supervisor


class Move:
    """Sends a step or reset; if its worker is restarted, a reset is sent again.

    Args:
        supervisor: Of the worker.
        slot: Which of its environments is to move.
        command: `STEP` or `RESET`.
        arguments: Of the command; of a reset the seed and the options.

    Attributes:
        number: Among the steps and resets of the environment.
    """

    def __init__(
        self,
        supervisor: Supervisor,
        slot: int,
        command: Command,
        arguments: tuple[Any, ...],
    ) -> None:
        self._supervisor = supervisor
        self._slot = slot
        self._command = command
        self._arguments = arguments
        # Whether a reset takes the place of an episode, or of a reset, that was lost.
        self._makes_up = False
        self.number = supervisor.open.next_of(slot)
        self._request: Request | None = None  # None if an episode was lost.
        self._client: WorkerClient
        self._send()

    def wait(self, timeout: float | None) -> Any:
        """Wait for the result; see `WorkerChannel.wait`."""
        supervisor = self._supervisor
        while self._request is not None:
            try:
                result = self._client.channel.wait(self._request, timeout)
            except WorkerError as error:
                if not supervisor.is_fatal(error, timeout):
                    if isinstance(error, RemoteError) and self._is_reset:
                        supervisor.episodes.fail_to_begin([self._slot])
                    if timeout is None and isinstance(error, RequestTimeoutError):
                        self._note_late()
                    raise
                supervisor.recover(self._client.channel, error)
                self._makes_up = True
                self._send()
            else:
                return self._taken_in(result)
        return supervisor.episodes.tell_lost(self._slot)

    def _note_late(self) -> None:
        if not self._supervisor.open.is_outdated(self._slot, self.number):
            self._supervisor.open.late.add(self._slot)

    @property
    def _is_reset(self) -> bool:
        return self._command is Command.RESET

    def ready(self) -> bool:
        """Whether `wait` would return at once."""
        return self._request is None or self._client.channel.ready(self._request)

    def _send(self) -> None:
        supervisor, arguments = self._supervisor, self._arguments
        while True:
            client = self._client = supervisor.client
            is_lost = self._slot in supervisor.episodes.lost
            is_step = self._command is Command.STEP
            if is_step and is_lost and not client.channel.closed:
                self._request = None
                return
            if self._is_reset:
                self._makes_up |= is_lost
                seed = supervisor.episodes.seed_for(self._slot, self._arguments[0])
                arguments = (seed, *self._arguments[1:])
            try:
                self._request = client.request(
                    self._command,
                    *arguments,
                    label=self._command.name.lower(),
                    slot=self._slot,
                    in_row=True,
                )
                return
            except WorkerError as error:
                if not supervisor.is_fatal(error):
                    raise
                supervisor.recover(client.channel, error)
                self._makes_up = True

    def _taken_in(self, result: Any) -> Any:
        supervisor = self._supervisor
        is_outdated = supervisor.open.is_outdated(self._slot, self.number)
        if not is_outdated:
            supervisor.open.late.discard(self._slot)
        if not supervisor.restartable:
            return result
        if isinstance(result, tuple) and result:
            if not is_outdated:
                supervisor.episodes.remember(self._slot, deepcopy(result[0]))
            if self._makes_up and isinstance(result[-1], dict):
                result = *result[:-1], result[-1] | {"worker_restarted": True}
        return result
