"""Checkpoints that survive a crash at any moment."""

import json
import logging
import os
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rltools import manifest
from rltools.arguments import check_integer
from rltools.errors import CheckpointError, InvalidArgumentError
from rltools.interrupts import delayed_interrupt

_logger = logging.getLogger(__name__)
# Names of folders, best first. A folder changes its content only while it is partial
# and after it has become old; in between it is only ever renamed.
_PLACES = ("checkpoint-", ".partial-", ".old-")
_PREFIX = "checkpoint"


@dataclass(frozen=True)
class Restored:
    """What `CheckpointStore.restore` has loaded.

    Attributes:
        step: The step that the checkpoint was saved with.
        metadata: The metadata that it was saved with.
        path: Its folder.
    """

    step: int
    metadata: dict[str, Any]
    path: Path


class CheckpointStore:
    """A directory of checkpoints, each a folder named `checkpoint-<step>`.

    A checkpoint is written aside, checksummed, synced to the disk and renamed. If the
    process is killed on the way, then the checkpoints saved before are still there and
    the next save removes the leftovers. Only one process at a time may save into a
    directory; any number may restore from it.

    Args:
        directory: Where the checkpoints live; made by the first save.
        keep: How many checkpoints to keep, those with the highest steps. Damaged ones
            are not counted and not removed.

    Raises:
        InvalidArgumentError: `keep` is not an integer of at least 1.
    """

    def __init__(self, directory: str | os.PathLike[str], *, keep: int = 3) -> None:
        self.directory = Path(directory)
        self._keep = check_integer("keep", keep, at_least=1)

    def save(
        self,
        step: int,
        write: Callable[[str], object],
        *,
        metadata: dict[str, Any] | None = None,
    ) -> Path:
        """Save a checkpoint, then remove those that are no longer to be kept.

        Ctrl-C has its effect when that is done; a second one at once.

        Args:
            step: Number of the checkpoint; one of the same number is replaced.
            write: Called with a path prefix to write files to whose names start with
                it, as `tf.train.Checkpoint.write` does.
            metadata: JSON values to keep with the checkpoint.

        Returns:
            The folder of the checkpoint.

        Raises:
            CheckpointError: `write` failed, or the directory can't be written, for
                example because the disk is full. The checkpoints saved before are still
                there.
            InvalidArgumentError: The step is not an integer of at least 0, or the
                metadata can't be expressed in JSON.
        """
        step = check_integer("step", step, at_least=0)
        try:
            metadata = dict(json.loads(json.dumps(metadata or {})))
        except (TypeError, ValueError) as error:
            raise InvalidArgumentError(
                f"expected metadata to be a dict of JSON values, got {metadata!r} "
                f"({error})."
            ) from error
        with delayed_interrupt():
            return self._save(step, write, metadata)

    def _save(
        self, step: int, write: Callable[[str], object], metadata: dict[str, Any]
    ) -> Path:
        partial = self._path(".partial-", step)
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            manifest.sync(self.directory.parent)
            self._tidy()
            try:
                partial.mkdir()
                write(str(partial / _PREFIX))
                manifest.seal(partial, step=step, metadata=metadata)
            except Exception:
                shutil.rmtree(partial, ignore_errors=True)
                raise
            final = self._publish(partial, step)
            self._prune(step)
        except Exception as error:
            raise CheckpointError(
                f"Could not save checkpoint {step} in {self.directory}: "
                f"{type(error).__name__}: {error}"
            ) from error
        return final

    def restore(
        self, read: Callable[[str], object], *, step: int | None = None
    ) -> Restored | None:
        """Load the valid checkpoint with the highest step, or that of a step.

        Checkpoints that are damaged are skipped with a warning in the log. Nothing in
        the directory is changed.

        Args:
            read: Called with the path prefix that `write` was called with, except that
                the directory may have moved, as `tf.train.Checkpoint.read` does.
            step: The step whose checkpoint to load, and no other; None for the highest.

        Returns:
            What was loaded, or None if there is no valid checkpoint.

        Raises:
            CheckpointError: `read` failed although the checkpoint is intact, or the
                directory can't be read.
            InvalidArgumentError: The step is not an integer of at least 0.
        """
        if step is not None:
            check_integer("step", step, at_least=0)
        for found, place, path in self._list():
            if step is not None and found != step:
                continue
            try:
                values = self._verify(path, found)
            except CheckpointError as problem:
                # A save that was interrupted is no damage.
                level = logging.WARNING if place == _PLACES[0] else logging.INFO
                _logger.log(level, "Skipped checkpoint %s: %s.", path, problem)
                continue
            try:
                read(str(path / _PREFIX))
            except Exception as error:
                raise CheckpointError(
                    f"Could not load {path}, which is intact: "
                    f"{type(error).__name__}: {error}"
                ) from error
            return Restored(found, values["metadata"], path)
        return None

    def _path(self, place: str, step: int) -> Path:
        return self.directory / f"{place}{step}"

    def _list(self) -> list[tuple[int, str, Path]]:
        """All folders, complete or not, as (step, place, path), best first."""
        try:
            names = [path.name for path in self.directory.iterdir()]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise CheckpointError(f"Can't read checkpoints: {error}") from error
        pattern = re.compile(rf"({'|'.join(map(re.escape, _PLACES))})(0|[1-9][0-9]*)")
        matches = [match for match in map(pattern.fullmatch, names) if match]
        found = [(int(match[2]), match[1], match[0]) for match in matches]
        found.sort(key=lambda item: (-item[0], _PLACES.index(item[1])))
        return [(step, place, self.directory / name) for step, place, name in found]

    def _verify(
        self, path: Path, step: int, *, checksums: bool = True
    ) -> dict[str, Any]:
        values = manifest.verify(path, checksums=checksums)
        if values.get("step") != step:
            raise CheckpointError(f"it is that of step {values.get('step')}")
        return values

    def _tidy(self) -> None:
        """Finish what a killed process left: complete folders are kept, others go."""
        for step, place, path in self._list():
            if place == _PLACES[0]:
                continue
            if not self._path(_PLACES[0], step).exists():
                try:
                    self._verify(path, step)
                except CheckpointError as problem:
                    _logger.info("Removing %s: %s.", path, problem)
                else:
                    path.rename(self._path(_PLACES[0], step))
                    continue
            _remove(path)

    def _publish(self, partial: Path, step: int) -> Path:
        final, old = self._path(_PLACES[0], step), self._path(".old-", step)
        replaces = final.exists()
        if replaces:
            final.rename(old)
        partial.rename(final)
        manifest.sync(self.directory)
        if replaces:
            _remove(old)
        return final

    def _prune(self, saved: int) -> None:
        """Remove checkpoints, but never the one just saved."""
        kept = 1
        for step, place, path in self._list():
            if place != _PLACES[0] or step == saved:
                continue
            try:
                self._verify(path, step, checksums=False)
            except CheckpointError:
                continue
            kept += 1
            if kept > self._keep:
                # Renamed first: half of a folder would pass for a damaged checkpoint.
                old = self._path(".old-", step)
                path.rename(old)
                _remove(old)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()
