"""Every error that this library raises on purpose.

All of them derive from `RLToolsError` and, where the language has a fitting built-in
type, from that one too, so that `except ValueError` keeps its meaning.
"""

from collections.abc import Sequence
from typing import Any


class RLToolsError(Exception):
    """Base of every error raised by this library. All of them can be pickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.args, self.__dict__)


def _rebuild(
    kind: type[RLToolsError], args: tuple[Any, ...], attributes: dict[str, Any]
) -> RLToolsError:
    """Make an error without its constructor, which may want more than the message."""
    error = kind.__new__(kind)
    error.args = args
    error.__dict__.update(attributes)
    return error


class MissingExtraError(RLToolsError, ImportError):
    """A feature needs an optional dependency that is not installed."""

    def __init__(self, module: str, extra: str) -> None:
        super().__init__(
            f"This needs {module!r}, which is not installed. In a clone of rltools: "
            f'pip install ".[{extra}]"; where rltools is installed already (another '
            "library has that name on the public index): "
            f'pip install "rltools[{extra}]".',
            name=module,
        )
        self.extra = extra


class InvalidArgumentError(RLToolsError, ValueError):
    """An argument has a value that the called function can't work with."""


class StructureError(RLToolsError, ValueError):
    """Nested structures that must match do not; names the path of the difference."""


class InvalidOptionError(RLToolsError, ValueError):
    """An option of a function has a value that the function can't work with."""


class LockedError(RLToolsError, RuntimeError):
    """An `AttrDict` was to be changed outside of a `with obj.unlocked:` block."""


class InvalidAttributeError(RLToolsError, AttributeError):
    """An attribute does not exist, or can't be set under this name."""


class MissingKeyError(RLToolsError, KeyError):
    """A key does not exist; the message names similar ones."""

    def __str__(self) -> str:
        return str(self.args[0])  # KeyError would show the message as a quoted string.


class InvalidSpaceError(RLToolsError, ValueError):
    """A space is not one that the called function can work with."""


class InvalidActionError(RLToolsError, ValueError):
    """An action is not in its action space."""


class InvalidObservationError(RLToolsError, ValueError):
    """An environment returned an observation that is not of its space."""


class InvalidResultError(RLToolsError, ValueError):
    """An environment returned a reward, flag or info that breaks the contract."""


class ResetNeededError(RLToolsError, RuntimeError):
    """An environment was stepped before its first reset or after its episode's end."""


class CallOrderError(RLToolsError, RuntimeError):
    """The verbs of an algorithm were called in an order that makes no sense."""


class InjectedError(RLToolsError, RuntimeError):
    """Raised on purpose by `rltools.mocks.faults.Raise`; nothing is really wrong."""


class ScriptMismatchError(RLToolsError, ValueError):
    """What was asked for is not what a script or a recording has at this place."""


class ScriptEndedError(RLToolsError, RuntimeError):
    """More was asked for than a script or a recording has."""


class ClosedError(RLToolsError, RuntimeError):
    """Something was used after it had been closed."""


class ClusterError(RLToolsError, ConnectionError):
    """No cluster of machines can be reached."""


class PendingCallError(RLToolsError, RuntimeError):
    """A call can't start because the result of an earlier one is still awaited."""


class NotPicklableError(RLToolsError, TypeError):
    """A value can't cross to or from another process."""


class ConfigError(RLToolsError, ValueError):
    """A configuration has an unknown key or a value of the wrong type."""


class LeakError(RLToolsError, AssertionError):
    """A block of code left something behind that it should have given back.

    Attributes:
        left: What it left, a tuple of `rltools.leaks.Belonging`.
    """

    def __init__(self, subject: str, left: tuple[Any, ...]) -> None:
        lines = "\n".join(f"- {each}" for each in left)
        super().__init__(f"{subject} left behind:\n{lines}")
        self.left = left


class CheckpointError(RLToolsError, RuntimeError):
    """A checkpoint could not be written or read."""


class SummaryError(RLToolsError, RuntimeError):
    """Summaries could not be written, or not be cut back to those of a checkpoint."""


class CheckFailedError(RLToolsError, AssertionError):
    """Something breaks a law that was checked; the message tells all violations.

    Attributes:
        failed: Names of the checks that failed, such as `["T2"]`.
    """

    def __init__(self, message: str, *, failed: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.failed = list(failed)


class RecordingError(RLToolsError, RuntimeError):
    """A recording can't be made, written or read; says where and why."""


class ReplayError(RecordingError):
    """A recording is played back differently from how it was made.

    Attributes:
        differences: A line for every leaf that differs, with its path; empty where it
            is not a value that differs, such as past the end of the recording.
    """

    def __init__(self, message: str, *, differences: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.differences = tuple(differences)


class WorkerError(RLToolsError):
    """Base of everything that can go wrong in or with a worker process.

    Attributes:
        worker: Index of the worker, or None where it has none.
        env: Place of the environment in its batch, or None if it concerns all of the
            worker's environments.
        command: The request under way, such as `"step"`.
        step: Number of steps the worker had been asked for, counting from 1.
    """

    def __init__(
        self,
        message: str,
        *,
        worker: int | None = None,
        env: int | None = None,
        command: str | None = None,
        step: int | None = None,
    ) -> None:
        super().__init__(message)
        self.worker = worker
        self.env = env
        self.command = command
        self.step = step


class RemoteError(WorkerError, RuntimeError):
    """The environment raised an exception in its worker; the worker lives on.

    The message ends with the traceback of the worker. Where the original exception
    could be pickled it is the `__cause__` of this one.

    Attributes:
        original_type: Qualified name of the original exception's type.
        remote_traceback: The worker's traceback as text.
    """

    def __init__(
        self,
        message: str,
        *,
        original_type: str,
        remote_traceback: str,
        **context: Any,
    ) -> None:
        super().__init__(message, **context)
        self.original_type = original_type
        self.remote_traceback = remote_traceback


class WorkerDiedError(WorkerError, RuntimeError):
    """The worker process ended without being asked to.

    Attributes:
        exit_code: Exit code of the process, negative for the number of the signal that
            ended it (as in `subprocess`), or None where it is not known.
    """

    def __init__(
        self, message: str, *, exit_code: int | None = None, **context: Any
    ) -> None:
        super().__init__(message, **context)
        self.exit_code = exit_code


class RequestTimeoutError(WorkerError, TimeoutError):
    """A worker did not answer in time; the request is still pending.

    Attributes:
        is_final: Whether nothing is pending any more: the worker was ended, and has
            used up its restarts.
    """

    is_final = False


class BatchError(RLToolsError, RuntimeError):
    """Several environments of a batch failed in the same call.

    Attributes:
        failures: Dictionary from environment index to the exception it raised.
    """

    def __init__(self, command: str, failures: dict[int, BaseException]) -> None:
        details = "\n".join(
            f"- environment {index}: {type(error).__name__}: {error}"
            for index, error in failures.items()
        )
        super().__init__(
            f"{len(failures)} environments failed in {command!r}:\n{details}"
        )
        self.failures = failures
