"""Writes down all that an environment does."""

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, SupportsFloat

import gymnasium as gym
from gymnasium.utils import RecordConstructorArgs

from rltools.arguments import check_path, check_writable
from rltools.errors import (
    ClosedError,
    InvalidArgumentError,
    RecordingError,
    ResetNeededError,
)
from rltools.mocks.recording.description import Description
from rltools.mocks.recording.tape import RESET, STEP, Tape
from rltools.space_checks import describe


class Recorder(gym.Wrapper, RecordConstructorArgs):
    """Record an environment to a file, from which `Replay` plays it back.

    Everything is kept as it is, to the bit and to the type. The environment does not
    notice: nothing is sampled, asked or called but what the user calls, and results are
    passed on as they are. Everything is kept in memory until the file is written, in
    one go, in the place of an earlier one.

    If the environment raises, or returns something that can't be recorded, then the
    recording is given up, and what the file had before stays. The same goes for a
    `with` block that is left by an exception.

    Args:
        env: The environment to record.
        path: The file to write, usually `*.npz`. Its folder is made if it is missing.
        save_on_close: Whether `close` writes the file. Otherwise only `save` does.

    Attributes:
        path: The file, as an absolute path.

    Raises:
        InvalidArgumentError: `env` is not an environment, or there can be no file of
            this name.
        RecordingError: A space is not of one of Gymnasium's classes, or the metadata
            can't be recorded; names the path.
    """

    def __init__(
        self,
        env: gym.Env,
        path: str | os.PathLike[str],
        *,
        save_on_close: bool = True,
    ) -> None:
        if not isinstance(env, gym.Env):
            raise InvalidArgumentError(
                f"expected env to be a gymnasium.Env, got {describe(env)}."
            )
        self.path = _check_file(path)
        RecordConstructorArgs.__init__(
            self, path=str(path), save_on_close=save_on_close
        )
        gym.Wrapper.__init__(self, env)
        self._tape = Tape(Description.of(env))
        self._save_on_close = save_on_close
        self._saved_calls = 0
        self._problem: str | None = None
        self._episode = -1
        self._step = 0
        self._is_closed = False

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Reset the environment and record it.

        Raises:
            ClosedError: The recorder was closed.
            RecordingError: Something can't be recorded; names the path. The recording
                is given up.
        """
        self._check_open("reset")
        self._episode += 1
        self._step = 0
        call = partial(self.env.reset, seed=seed, options=options)
        result: Any = self._record(RESET, (seed, options), call)
        return result

    def step(
        self, action: Any
    ) -> tuple[Any, SupportsFloat, bool, bool, dict[str, Any]]:
        """Step the environment and record it.

        Raises:
            ClosedError: The recorder was closed.
            RecordingError: Something can't be recorded; names the path. The recording
                is given up.
            ResetNeededError: There was no reset yet.
        """
        self._check_open("step")
        if self._episode < 0:
            raise ResetNeededError("Cannot step before the first reset.")
        self._step += 1
        result: Any = self._record(STEP, (action,), partial(self.env.step, action))
        return result

    def save(self) -> None:
        """Write what was recorded so far, also after `close`.

        Raises:
            RecordingError: The recording was given up, nothing was recorded, or the
                file can't be written. What the file had before is still there.
        """
        if self._problem is not None:
            raise RecordingError(f"{self.path} was not written: {self._problem}")
        if not self._tape:
            raise RecordingError(f"{self.path} was not written: there was no reset.")
        try:
            self._tape.write(self.path)
        except OSError as error:
            raise RecordingError(f"{self.path} was not written: {error}") from error
        self._saved_calls = len(self._tape)

    def discard(self) -> None:
        """Give up the recording: nothing is written any more."""
        self._problem = self._problem or "it was discarded."

    def close(self) -> None:
        """Write the file, unless nothing was recorded since, and close the environment.

        Closing twice is allowed. If the recording was given up, nothing is written.

        Raises:
            RecordingError: The file can't be written. The environment is closed.
        """
        if self._is_closed:
            return
        self._is_closed = True
        try:
            is_new = self._problem is None and len(self._tape) > self._saved_calls
            if self._save_on_close and is_new:
                self.save()
        finally:
            super().close()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> Literal[False]:
        """Close it; after an exception without writing the file."""
        if kind is not None:
            self.discard()
        self.close()
        return False

    def _record(
        self, kind: int, arguments: tuple[Any, ...], call: Callable[[], Any]
    ) -> Any:
        if self._problem is not None:
            return call()
        try:
            self._tape.begin(kind, arguments)  # Before the environment can change them.
            result = call()
            self._tape.complete(kind, result)
        except BaseException as error:
            place = f"step {self._step} of episode {self._episode}"
            place = place if kind == STEP else f"the reset of episode {self._episode}"
            self._problem = f"{place} raised {type(error).__name__}: {error}"
            if isinstance(error, RecordingError):
                raise RecordingError(f"{place}: {error}. Nothing is saved.") from error
            raise
        return result

    def _check_open(self, verb: str) -> None:
        if self._is_closed:
            raise ClosedError(f"Cannot {verb} a closed recorder.")


def _check_file(path: Any) -> Path:
    file = check_path("path", path)
    if file.is_dir():
        raise InvalidArgumentError(
            f"expected path to be the name of a file, got the folder {str(file)!r}."
        )
    check_writable("the folder of path", file.parent)
    return file
