"""The tables of a recording, on their way to a file."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from rltools.errors import RecordingError
from rltools.mocks.recording.archive import write_archive
from rltools.mocks.recording.description import Description
from rltools.mocks.recording.table import TableWriter
from rltools.space_checks import describe

FORMAT = "rltools recording"
VERSION = 1
RESET, STEP = 0, 1
CALLS = "calls"
ENVIRONMENT = "environment"
CALL_TABLES = ("observation", "info")  # A row for each call.
RESET_TABLES = ("seed", "options")
STEP_TABLES = ("action", "reward", "terminated", "truncated")
TABLES = (ENVIRONMENT, *RESET_TABLES, *STEP_TABLES, *CALL_TABLES)

_ARGUMENTS = {RESET: ("seed", "options"), STEP: ("action",)}
_RESULTS = {
    RESET: ("observation", "info"),
    STEP: ("observation", "reward", "terminated", "truncated", "info"),
}


class Tape:
    """Writes down the calls of an environment, one after another.

    Args:
        description: What the environment is.

    Raises:
        RecordingError: Its spaces or metadata can't be recorded.
    """

    def __init__(self, description: Description) -> None:
        self._tables = {name: TableWriter() for name in TABLES}
        self._tables[ENVIRONMENT].append(description.to_value(), ENVIRONMENT)
        self._calls = bytearray()

    def __len__(self) -> int:
        return len(self._calls)

    def begin(self, kind: int, arguments: Sequence[Any]) -> None:
        """Write down what a call is given.

        Args:
            kind: `RESET` or `STEP`.
            arguments: Seed and options, or the action.

        Raises:
            RecordingError: An argument can't be recorded. The tape is of no more use.
        """
        self._append(_ARGUMENTS[kind], arguments)

    def complete(self, kind: int, result: Any) -> None:
        """Write down what the call that was begun has returned.

        Args:
            kind: `RESET` or `STEP`.
            result: All that it has returned.

        Raises:
            RecordingError: It is no tuple of as many values as it should be, or one of
                them can't be recorded. The tape is of no more use.
        """
        names = _RESULTS[kind]
        if not isinstance(result, tuple) or len(result) != len(names):
            raise RecordingError(
                f"result: expected a tuple of {', '.join(names)}, "
                f"got {describe(result)}"
            )
        self._append(names, result)
        self._calls.append(kind)

    def _append(self, names: Sequence[str], values: Sequence[Any]) -> None:
        for name, value in zip(names, values, strict=True):
            self._tables[name].append(value, name)

    def write(self, path: Path) -> None:
        """Write all calls to a file, in the place of what was there.

        Raises:
            OSError: The file can't be written.
        """
        structures = {name: table.structures() for name, table in self._tables.items()}
        header = {"format": FORMAT, "version": VERSION, "structures": structures}
        arrays = {CALLS: np.frombuffer(bytes(self._calls), np.uint8)}
        for name, table in self._tables.items():
            arrays |= {f"{name}.{key}": each for key, each in table.arrays().items()}
        # ASCII, which can hold every text, also one that is not valid Unicode.
        text = json.dumps(header, separators=(",", ":"))
        write_archive(path, text.encode("ascii"), arrays)
