"""Summaries of a run for TensorBoard."""

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from rltools import extras
from rltools.errors import InvalidResultError
from rltools.event_files import EventFile

_VERSION = "brain.Event:2"


class SummaryWriter:
    """Writes dictionaries of numbers into a TensorBoard event file of its own.

    A summary is one record: it is in the file as a whole or not at all.

    Args:
        directory: Folder of the event file; made with the first summary.

    Raises:
        MissingExtraError: TensorBoard is not installed.
    """

    def __init__(self, directory: str | os.PathLike[str]) -> None:
        plugins = "tensorboard.plugins"
        self._scalar = _require(f"{plugins}.scalar.summary_v2").scalar_pb
        self._histogram = _require(f"{plugins}.histogram.summary_v2").histogram_pb
        self._event = _require("tensorboard.compat.proto.event_pb2").Event
        version = self._event(wall_time=time.time(), file_version=_VERSION)
        self._file = EventFile(Path(directory), version.SerializeToString())

    def write(self, step: int, summary: Mapping[str, Any]) -> None:
        """Write a summary, so that it can be seen at once.

        Args:
            step: The place on the horizontal axis.
            summary: Values by their tags. One without dimensions becomes a scalar, one
                without elements nothing, and any other a histogram.

        Raises:
            InvalidResultError: A value is not a number or an array of numbers.
            SummaryError: The disk is full, or the folder can't be written.
        """
        event = self._event(wall_time=time.time(), step=step)
        for tag, value in summary.items():
            array = np.asarray(value)
            if array.dtype.kind not in "biuf":
                raise InvalidResultError(
                    f"summary[{tag!r}]: expected numbers, got dtype {array.dtype}"
                )
            if not array.shape:
                part = self._scalar(tag, array)
            elif array.size:
                part = self._histogram(tag, array.astype(np.float64))
            else:
                continue
            event.summary.MergeFrom(part)
        if event.summary.value:
            self._file.append(event.SerializeToString())

    def sync(self) -> None:
        """Wait until all summaries are on the disk.

        Raises:
            SummaryError: The disk is full or broken.
        """
        self._file.sync()

    def close(self) -> None:
        """Close the event file."""
        self._file.close()


def _require(module: str) -> Any:
    return extras.require(module, extra="tensorflow")
