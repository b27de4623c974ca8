"""What stands behind the pytest fixture `recorded`."""

import contextlib
import hashlib
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import gymnasium as gym

from rltools.arguments import check_callable, check_path
from rltools.errors import InvalidArgumentError, RecordingError
from rltools.mocks.recording.recorder import Recorder
from rltools.mocks.recording.replay import Replay

Mode = Literal["once", "record", "replay"]

_MAX_NAME = 120
_SUFFIX = ".npz"


class RecordedEnvs:
    """Makes the recorded environments of one test, and files of them if it passes.

    Args:
        test_file: The file that has the test.
        test: Name of the test in it.
        mode: `"once"` records where there is no file and plays it back otherwise,
            `"record"` always records, `"replay"` never does.
        saved: The files that earlier tests of the same run have written, which are
            played back in any mode. Grows.
    """

    def __init__(
        self, test_file: Path, test: str, *, mode: Mode, saved: set[Path]
    ) -> None:
        self._test_file = test_file
        self._test = test
        self._mode = mode
        self._saved = saved
        self._count = 0
        self._recorders: dict[Path, Recorder] = {}
        self._stack = contextlib.ExitStack()

    def __call__(
        self,
        make: Callable[[], gym.Env[Any, Any]],
        path_or_name: str | os.PathLike[str] | None = None,
    ) -> gym.Env[Any, Any]:
        """Play a recording back, or record the environment if there is none.

        Args:
            make: Makes the environment. It is not called to play back.
            path_or_name: A name for a file beside those of the other tests of the
                module, or a path that is absolute or starts at the folder of the test;
                None for a name that is the test's own.

        Returns:
            A `Replay`, or a `Recorder` around what `make` returns.

        Raises:
            InvalidArgumentError: `make` can't be called or makes no environment, or the
                test is recording to this file already.
            RecordingError: The recording can't be read, is missing where none may be
                made, or something can't be recorded.
        """
        check_callable("make", make)
        path = self._find_path(path_or_name)
        if path in self._recorders:
            raise InvalidArgumentError(
                f"expected another path_or_name: this test records to {path} already."
            )
        exists = path.exists()
        if exists and (self._mode != "record" or path in self._saved):
            return self._stack.enter_context(Replay(path))
        if self._mode == "replay":
            raise RecordingError(
                f"The recording {path} is missing, and is not made here: run the test "
                "with --rltools-record, and keep the file with the tests."
            )
        recorder = Recorder(make(), path, save_on_close=False)
        self._stack.callback(recorder.close)
        self._recorders[path] = recorder
        return recorder

    def finish(self, *, passed: bool) -> None:
        """Write the files if the test has passed, and close all environments.

        Raises:
            RecordingError: A file can't be written, or there is nothing to write.
        """
        with self._stack:
            for path, recorder in self._recorders.items():
                if passed:
                    recorder.save()
                    self._saved.add(path)
                else:
                    recorder.discard()

    def _find_path(self, path_or_name: Any) -> Path:
        folder = self._test_file.parent
        if path_or_name is None:
            self._count += 1
            name = _as_file_name(self._test)
            name += f".{self._count}" if self._count > 1 else ""
        elif isinstance(path_or_name, str) and re.fullmatch(r"[\w-]+", path_or_name):
            name = path_or_name
        else:
            check_path("path_or_name", path_or_name)
            return folder / path_or_name
        return folder / "recordings" / self._test_file.stem / (name + _SUFFIX)


def _as_file_name(test: str) -> str:
    name = re.sub(r"[^\w.,=+@\[\]-]", "_", test)[:_MAX_NAME]
    if name == test:
        return name
    # What was lost must not make two tests share a file.
    return f"{name}-{hashlib.sha256(test.encode()).hexdigest()[:8]}"
