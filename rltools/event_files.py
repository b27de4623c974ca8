"""TensorBoard's event files: written record by record, cut back to an earlier size."""

import contextlib
import logging
import os
import re
import socket
import time
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from rltools import manifest, records
from rltools.errors import SummaryError

_logger = logging.getLogger(__name__)
_NAME = re.compile(r"events\.out\.tfevents\.(\d+)\..*")


class EventFile:
    """An event file that a folder gets with the first record.

    Args:
        directory: Its folder; made with it.
        version: Payload of the record that every event file begins with.
    """

    def __init__(self, directory: Path, version: bytes) -> None:
        self._directory = directory
        self._version = version
        self._path: Path | None = None
        self._descriptor: int | None = None
        self._size = 0

    def append(self, payload: bytes) -> None:
        """Write a record, so that it can be read at once.

        Args:
            payload: What the record holds.

        Raises:
            SummaryError: The disk is full, or the folder can't be written. What was
                written before is still there.
        """
        with self._naming_errors():
            if self._descriptor is None:
                self._create()
            first = b"" if self._size else records.frame(self._version)
            self._write(first + records.frame(payload))

    def sync(self) -> None:
        """Wait until all records are on the disk.

        Raises:
            SummaryError: The disk is full or broken.
        """
        if self._descriptor is not None:
            with self._naming_errors():
                os.fsync(self._descriptor)
                manifest.sync(self._directory)

    def close(self) -> None:
        """Close the file; the next record would get another one."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)

    @contextlib.contextmanager
    def _naming_errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise SummaryError(
                f"Could not write summaries to {self._path or self._directory}: "
                f"{error.strerror}."
            ) from error

    def _create(self) -> None:
        self._directory.mkdir(parents=True, exist_ok=True)
        manifest.sync(self._directory.parent)
        # Readers go by the order of names: this file comes after all others, whatever
        # the clock says and however many begin within a second.
        stamps = [int(path.name.split(".")[3]) for path in _list(self._directory)]
        stamp = max([int(time.time()), *(each + 1 for each in stamps)])
        host, process = socket.gethostname(), os.getpid()
        path = self._directory / f"events.out.tfevents.{stamp:010}.{host}.{process}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND
        self._descriptor = os.open(path, flags, 0o666)
        self._path, self._size = path, 0

    def _write(self, data: bytes) -> None:
        assert self._descriptor is not None
        written = 0
        try:
            while written < len(data):
                written += os.write(self._descriptor, data[written:])
        except OSError:
            # Half of a record would hide all that come after it.
            with contextlib.suppress(OSError):
                os.ftruncate(self._descriptor, self._size)
            raise
        self._size += written


def measure(root: Path, folders: Collection[str]) -> dict[str, int]:
    """Return the sizes in bytes of all event files.

    Args:
        root: Where the folders are.
        folders: Names of folders; they need not exist.

    Returns:
        Sizes by paths relative to `root`, with slashes.
    """
    return {
        path.relative_to(root).as_posix(): path.stat().st_size
        for folder in folders
        for path in _list(root / folder)
    }


def cut_back(root: Path, folders: Collection[str], sizes: Mapping[str, int]) -> None:
    """Take away what was written since sizes were measured.

    A file that is shorter than it was loses a torn record at its end, and one that is
    missing can't be helped: a warning in the log names both.

    Args:
        root: Where the folders are.
        folders: Names of folders; all other folders are left alone.
        sizes: What `measure` returned. Files that are not in it are removed.

    Raises:
        SummaryError: A file can't be changed.
    """
    try:
        present = measure(root, folders)
        for name in present.keys() - sizes.keys():
            (root / name).unlink()
        for name, expected in sizes.items():
            path = root / name
            if name.split("/")[0] not in folders:
                continue
            if name not in present:
                _logger.warning("The curves have a gap: %s is missing.", path)
            elif present[name] < expected:
                _logger.warning(
                    "The curves have a gap: %s has lost %d of %d bytes.",
                    *(path, expected - present[name], expected),
                )
                _truncate(path, records.whole_size(path))
            elif present[name] > expected:
                _truncate(path, expected)
        for folder in folders:
            if (root / folder).is_dir():
                manifest.sync(root / folder)
    except OSError as error:
        raise SummaryError(f"Could not cut back the curves: {error}.") from error


def _truncate(path: Path, size: int) -> None:
    os.truncate(path, size)
    manifest.sync(path)


def _list(folder: Path) -> list[Path]:
    """Event files in a folder that may not exist."""
    try:
        return sorted(path for path in folder.iterdir() if _NAME.fullmatch(path.name))
    except FileNotFoundError:
        return []
