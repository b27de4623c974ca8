"""One request to a worker, and what its reply means."""

import pickle
from dataclasses import dataclass
from typing import Any

from rltools.errors import NotPicklableError, RemoteError
from rltools.process.failure import Failure
from rltools.process.protocol import Command, Message, Status


@dataclass(eq=False)
class Request:
    """A request under way.

    Attributes:
        number: Its number, which its reply repeats.
        command: What the worker is asked for.
        label: What error messages call it: the command's or the method's name.
        step: Number of steps asked for by then, this one included.
        reply: The reply, once it is there.
    """

    number: int
    command: Command
    label: str
    step: int
    reply: Message | None = None

    def describe(self) -> str:
        """The request in an error message."""
        if self.command is Command.STEP:
            return f"'step' (step {self.step})"
        return f"'{self.label}' (after {self.step} steps)"

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
        if self.reply.kind == Status.RAISED:
            failure = pickle.loads(self.reply.body)
            raise self._remote_error(failure, worker, who) from failure.original()
        try:
            value = pickle.loads(self.reply.body)
        except Exception as error:
            raise NotPicklableError(
                f"{who}: the result of {self.describe()} can't be read in this "
                f"process: {type(error).__name__}: {error}"
            ) from error
        if self.reply.kind == Status.NOT_READABLE:
            raise NotPicklableError(
                f"{who}: what was given to {self.describe()} can't be read there: "
                f"{value}"
            )
        if self.reply.kind == Status.NOT_PICKLABLE:
            raise NotPicklableError(
                f"{who}: the result of {self.describe()} can't be pickled: {value}"
            )
        return value

    def _remote_error(self, failure: Failure, worker: int, who: str) -> RemoteError:
        return RemoteError(
            f"{who}: the environment raised {failure.type_name} in {self.describe()}: "
            f"{failure.message}\n\nIts traceback in the worker:\n{failure.traceback}",
            original_type=failure.type_name,
            remote_traceback=failure.traceback,
            worker=worker,
            command=self.label,
            step=self.step,
        )
