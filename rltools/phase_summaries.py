"""The summaries of all phases of a loop, which go back with its checkpoints."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from rltools import event_files
from rltools.summaries import SummaryWriter


class PhaseSummaries:
    """Writes the summaries of each phase into `<logdir>/<phase name>`.

    Args:
        logdir: The folder of the run.
    """

    def __init__(self, logdir: Path) -> None:
        self._logdir = logdir
        self._writers: dict[str, SummaryWriter] = {}

    def write(self, phase: str, step: int, summary: Mapping[str, Any]) -> None:
        """Write a summary of a phase; see `SummaryWriter.write`."""
        if phase not in self._writers:
            self._writers[phase] = SummaryWriter(self._logdir / phase)
        self._writers[phase].write(step, summary)

    def save(self, phases: Collection[str]) -> dict[str, int]:
        """Wait until all summaries are on the disk.

        Args:
            phases: Names of all phases.

        Returns:
            What `restore` needs to come back to the summaries of now: JSON values.

        Raises:
            SummaryError: The disk is full or broken.
        """
        for writer in self._writers.values():
            writer.sync()
        # Sizes tell what belongs to a checkpoint. The steps of summaries don't, because
        # shorter phases catch up.
        return event_files.measure(self._logdir, phases)

    def restore(self, phases: Collection[str], saved: Mapping[str, int]) -> None:
        """Remove summaries that were written later.

        Args:
            phases: Names of all phases.
            saved: What `save` returned, in this process or an earlier one; empty for
                before the first summary.

        Raises:
            SummaryError: The files can't be changed.
        """
        self.close()
        event_files.cut_back(self._logdir, phases, saved)

    def close(self) -> None:
        """Close all files. A later summary goes to a new one."""
        writers, self._writers = self._writers, {}
        for writer in writers.values():
            writer.close()
