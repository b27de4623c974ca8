"""One request to a worker, and what its reply means."""

import pickle
from dataclasses import dataclass, field
from typing import Any

from rltools.errors import (
    ClosedError,
    NotPicklableError,
    RemoteError,
    RequestTimeoutError,
)
from rltools.hosting.rows import Rows
from rltools.process.failure import Failure
from rltools.process.packing import unpack_report
from rltools.process.protocol import Command, Message, Status

_ROWS = (Command.STEP_ROWS, Command.RESET_ROWS)


@dataclass(eq=False, slots=True, weakref_slot=True)
class Request:
    """A request under way.

    Attributes:
        command: What the worker is asked for.
        label: What error messages call it: the command's or the method's name.
        number: Its number, which its reply repeats.
        step: Number of steps asked for by then, this one included.
        env: Place in the batch of the environment it is for, None if for all.
        is_shared: Whether the worker has other environments as well.
        observs: Where the observation of its reply may be.
        reply: The reply, once it is there.
        carrier: By what its channel will know the reply.
    """

    command: Command
    label: str
    number: int = -1
    step: int = 0
    env: int | None = None
    is_shared: bool = False
    observs: Rows | None = None
    reply: Message | None = None
    carrier: Any = None
    _observ: Any = field(default=None, init=False)

    def describe(self) -> str:
        """The request in an error message."""
        names_env = self.is_shared and self.env is not None
        of_env = f" of environment {self.env}" if names_env else ""
        return f"{self._command_and_step}{of_env}"

    @property
    def _command_and_step(self) -> str:
        if self.command in (Command.STEP, Command.STEP_ROWS):
            return f"'step' (step {self.step})"
        return f"'{self.label}' (after {self.step} steps)"

    def accept(self, reply: Message) -> None:
        """Take the reply in; the worker may have gone on to another request since."""
        if reply.kind == Status.RETURNED_IN_ROW:
            observs = self.observs
            if observs is None:  # Closed by a signal handler, a moment ago.
                return
            # The row stays as it is until the worker is asked to fill it again.
            self._observ = observs.row(0)
        self.observs = None
        self.reply = reply

    def result(self, worker: int, who: str) -> Any:
        """Read the reply.

        Args:
            worker: Index of the worker.
            who: What to call the worker in error messages.

        Raises:
            RemoteError: The environment raised.
            NotPicklableError: The arguments can't be read there, or the result can't be
                pickled there or read here.
        """
        assert self.reply is not None
        kind, body = self.reply.kind, self.reply.body
        if kind == Status.RAISED:
            raise self.remote_error(pickle.loads(body), worker, who)
        try:
            value = unpack_report(body) if self._is_report else pickle.loads(body)
        except Exception as error:
            raise NotPicklableError(
                f"{who}: the result of {self.describe()} can't be read in this "
                f"process: {type(error).__name__}: {error}"
            ) from error
        if kind == Status.NOT_READABLE:
            raise NotPicklableError(
                f"{who}: what was given to {self.describe()} can't be read there: "
                f"{value}"
            )
        if kind == Status.NOT_PICKLABLE:
            raise NotPicklableError(
                f"{who}: the result of {self.describe()} can't be pickled: {value}"
            )
        if kind == Status.RETURNED_IN_ROW:
            return self._observ, *value
        return value

    @property
    def _is_report(self) -> bool:
        assert self.reply is not None
        return self.command in _ROWS and self.reply.kind == Status.RETURNED

    def remote_error(
        self, failure: Failure, worker: int, who: str, env: int | None = None
    ) -> RemoteError:
        """The error to raise for what an environment raised.

        Args:
            failure: What it raised.
            worker: Index of the worker.
            who: What to call the worker in error messages.
            env: Place in the batch of the environment, if the request is for all.
        """
        env = self.env if env is None else env
        where = "the environment" if env is None else f"environment {env}"
        error = RemoteError(
            f"{who}: {where} raised {failure.type_name} in {self._command_and_step}: "
            f"{failure.message}\n\nIts traceback in the worker:\n{failure.traceback}",
            original_type=failure.type_name,
            remote_traceback=failure.traceback,
            **self.context(worker) | {"env": env},
        )
        error.__cause__ = failure.original()
        return error

    def late(self, worker: int, who: str, timeout: float | None) -> RequestTimeoutError:
        """The error if it has not been answered in time; see `result`."""
        return RequestTimeoutError(
            f"{who} has not answered {self.describe()} within {timeout} seconds.",
            **self.context(worker),
        )

    def closed(self, who: str) -> ClosedError:
        """The error if the worker was closed first."""
        return ClosedError(f"{who} was closed before {self.describe()} ended.")

    def context(self, worker: int) -> dict[str, Any]:
        """What errors of a worker say beside their message; see `WorkerError`."""
        return {
            "worker": worker,
            "env": self.env,
            "command": self.label,
            "step": self.step,
        }
