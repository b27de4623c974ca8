"""Summaries of a run for TensorBoard."""

import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from rltools import extras
from rltools.errors import InvalidResultError


class SummaryWriter:
    """Writes dictionaries of numbers into a TensorBoard event file of its own.

    Args:
        directory: Folder of the event file; made if it is missing.

    Raises:
        MissingExtraError: TensorFlow is not installed.
    """

    def __init__(self, directory: str | os.PathLike[str]) -> None:
        self._tensorflow = extras.require("tensorflow", extra="tensorflow")
        self._writer = self._tensorflow.summary.create_file_writer(os.fspath(directory))

    def write(self, step: int, summary: Mapping[str, Any]) -> None:
        """Write a summary, so that it can be seen at once.

        Args:
            step: The place on the horizontal axis.
            summary: Values by their tags. One without dimensions becomes a scalar, one
                without elements nothing, and any other a histogram.

        Raises:
            InvalidResultError: A value is not a number or an array of numbers.
        """
        write = self._tensorflow.summary
        arrays = {tag: np.asarray(value) for tag, value in summary.items()}
        for tag, array in arrays.items():
            if array.dtype.kind not in "biuf":
                raise InvalidResultError(
                    f"summary[{tag!r}]: expected numbers, got dtype {array.dtype}"
                )
        with self._writer.as_default(step):  # Leaving it writes to the file.
            for tag, array in arrays.items():
                if not array.shape:
                    write.scalar(tag, array.astype(np.float32))
                elif array.size:
                    write.histogram(tag, array.astype(np.float64))

    def close(self) -> None:
        """Close the event file."""
        self._writer.close()
