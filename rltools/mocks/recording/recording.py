"""A recording that was read from a file."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rltools.arguments import check_integer, check_path
from rltools.errors import RecordingError
from rltools.mocks.recording.archive import read_file, unpack_archive
from rltools.mocks.recording.description import Description
from rltools.mocks.recording.table import Table
from rltools.mocks.recording.tape import (
    CALL_TABLES,
    CALLS,
    ENVIRONMENT,
    FORMAT,
    RESET,
    RESET_TABLES,
    STEP,
    STEP_TABLES,
    TABLES,
    VERSION,
)

MAX_BYTES = 2**30


@dataclass(frozen=True)
class Episode:
    """A reset, and the steps up to the next one.

    Attributes:
        index: Its place in the recording, counting from 0.
        seed: The seed that the reset was given.
        options: The options that the reset was given.
        steps: How many steps it has. It need not have come to its end.
        first_call: Place of the reset among all calls.
    """

    index: int
    seed: Any
    options: Any
    steps: int
    first_call: int

    @property
    def first_step(self) -> int:
        """Place of its first step among all steps."""
        return self.first_call - self.index


class Recording:
    """All that a file has, checked to fit together. Values are made when asked for.

    Args:
        description: What the environment is.
        calls: `RESET` or `STEP` for each call.
        tables: The tables by their names.

    Attributes:
        description: What the environment is.
        episodes: The episodes in their order.

    Raises:
        RecordingError: The number of rows does not fit the calls.
    """

    def __init__(
        self, description: Description, calls: np.ndarray, tables: dict[str, Table]
    ) -> None:
        resets = np.flatnonzero(calls == RESET)
        if np.any(calls > STEP) or (len(calls) and calls[0] != RESET):
            raise RecordingError("its calls are not resets and steps")
        lengths = dict.fromkeys(CALL_TABLES, len(calls))
        lengths |= dict.fromkeys(RESET_TABLES, len(resets))
        lengths |= dict.fromkeys(STEP_TABLES, len(calls) - len(resets))
        for name, length in lengths.items():
            if len(tables[name]) != length:
                raise RecordingError(
                    f"{name!r} has {len(tables[name])} rows, expected {length}"
                )
        self.description = description
        self._tables = tables
        steps = np.diff([*resets.tolist(), len(calls)]) - 1
        starts = zip(resets.tolist(), steps.tolist(), strict=True)
        self.episodes = [
            Episode(index, tables["seed"][index], tables["options"][index], count, call)
            for index, (call, count) in enumerate(starts)
        ]

    def reset_result(self, episode: Episode) -> tuple[Any, Any]:
        """What the reset of an episode returned: observation and info."""
        return self._value("observation", episode.first_call), self._value(
            "info", episode.first_call
        )

    def action(self, episode: Episode, step: int) -> Any:
        """The action of a step, counting from 0."""
        return self._value("action", episode.first_step + step)

    def step_result(self, episode: Episode, step: int) -> tuple[Any, ...]:
        """What a step returned: observation, reward, two flags and info."""
        call, row = episode.first_call + 1 + step, episode.first_step + step
        return (
            self._value("observation", call),
            self._value("reward", row),
            self._value("terminated", row),
            self._value("truncated", row),
            self._value("info", call),
        )

    def _value(self, table: str, row: int) -> Any:
        return self._tables[table][row]


def load(path: str | os.PathLike[str], *, max_bytes: int = MAX_BYTES) -> Recording:
    """Read a recording. Nothing in a file is ever executed.

    Args:
        path: The file.
        max_bytes: How much of memory it may take; protects from files that unpack to
            far more than they seem to be.

    Returns:
        The recording.

    Raises:
        InvalidArgumentError: `path` is not a path, or `max_bytes` not an integer.
        RecordingError: It can't be read, is damaged, is not a recording, is one of a
            newer version, or is too large; names the file and the reason.
    """
    check_path("path", path)
    max_bytes = check_integer("max_bytes", max_bytes, at_least=1)
    file = Path(path)
    try:
        return parse(read_file(file, max_bytes), max_bytes=max_bytes)
    except RecordingError as error:
        raise RecordingError(f"Can't read the recording {file}: {error}.") from error


def parse(content: bytes, *, max_bytes: int = MAX_BYTES) -> Recording:
    """Make a recording of the content of a file.

    Args:
        content: All of the file.
        max_bytes: How much of memory it may take.

    Returns:
        The recording.

    Raises:
        RecordingError: As for `load`; the message begins in the middle of a sentence.
    """
    text, arrays = unpack_archive(content, max_bytes)
    try:
        header = json.loads(text)
        name, version = header["format"], header["version"]
    except (ValueError, TypeError, LookupError, RecursionError) as error:
        raise RecordingError(f"its header can't be read ({error})") from error
    if name != FORMAT or type(version) is not int:
        raise RecordingError(f"it is not a recording but {name!r:.60}")
    if version != VERSION:
        raise RecordingError(
            f"it has version {version}, and this rltools reads version {VERSION}"
        )
    structures = header.get("structures")
    if not isinstance(structures, dict) or set(structures) != set(TABLES):
        raise RecordingError("its header does not have the tables of a recording")
    tables = {}
    for table in TABLES:
        start = f"{table}."
        parts = {
            key.removeprefix(start): arrays.pop(key)
            for key in list(arrays)
            if key.startswith(start)
        }
        try:
            tables[table] = Table(structures[table], parts)
        except RecordingError as error:
            raise RecordingError(f"its table {table!r}: {error}") from error
    calls = arrays.pop(CALLS, None)
    if calls is None or calls.dtype != np.uint8 or arrays:
        raise RecordingError("it has not the arrays of a recording")
    if len(tables[ENVIRONMENT]) != 1:
        raise RecordingError("it does not describe one environment")
    return Recording(Description.from_value(tables[ENVIRONMENT][0]), calls, tables)
