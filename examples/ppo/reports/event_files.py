"""Reads the scalars of TensorBoard event files, without importing TensorFlow."""

import logging
import os
import pathlib
import struct
from collections.abc import Iterator
from types import ModuleType
from typing import NamedTuple

from rltools.extras import require

_logger = logging.getLogger(__name__)
# Of a record: the length of its data and a checksum of that, little endian.
_HEADER = struct.Struct("<QI")
_CHECKSUM = struct.Struct("<I")
_FLOAT = struct.Struct("<f")
_DT_FLOAT = 1


class Scalar(NamedTuple):
    """A value that was written for a step, at a time in seconds since 1970."""

    time: float
    step: int
    tag: str
    value: float


def read_scalars(folder: str | os.PathLike[str]) -> list[Scalar]:
    """Read the scalars of all event files in a folder.

    Processes that are stopped leave files that end within a record. Whatever precedes
    that is read; a record that can't be read for other reasons ends its file as well,
    and is warned about in the log.

    Args:
        folder: Where the files are; their names begin with `events.out.tfevents.`.

    Returns:
        The scalars in the order in which they were written, over all files; histograms
        and the like are left out. None if there is no folder.

    Raises:
        MissingExtraError: TensorBoard is not installed.
        OSError: A file can't be read.
    """
    events = require("tensorboard.compat.proto.event_pb2", extra="ppo")
    paths = sorted(pathlib.Path(folder).glob("events.out.tfevents.*"))
    scalars = [scalar for path in paths for scalar in _read_file(path, events)]
    return sorted(scalars, key=lambda scalar: scalar.time)


def _read_file(path: pathlib.Path, events: ModuleType) -> Iterator[Scalar]:
    for record in _split(path):
        event = events.Event.FromString(record)
        for value in event.summary.value:
            number = _number(value)
            if number is not None:
                yield Scalar(event.wall_time, event.step, value.tag, number)


def _split(path: pathlib.Path) -> Iterator[bytes]:
    """Yield the data of all whole records of a file."""
    data = path.read_bytes()
    start = 0
    while start + _HEADER.size <= len(data):
        length, checksum = _HEADER.unpack_from(data, start)
        if checksum != _masked_checksum(data[start : start + 8]):
            _logger.warning("%s is damaged from byte %d on.", path, start)
            return
        start += _HEADER.size
        end = start + length
        if end + _CHECKSUM.size > len(data):
            return
        record = data[start:end]
        start = end + _CHECKSUM.size
        # Where a machine lost its power the last record may have the right size but
        # not all of its bytes. Checking every record would take longer than the rest.
        is_last = start + _HEADER.size > len(data) or not any(data[start : start + 12])
        if is_last and _CHECKSUM.unpack_from(data, end)[0] != _masked_checksum(record):
            _logger.warning("%s is damaged in its last record.", path)
            return
        yield record


def _number(value: object) -> float | None:
    """The number in a value of a summary, or None if it holds something else."""
    if value.HasField("simple_value"):  # type: ignore[attr-defined]
        return value.simple_value  # type: ignore[attr-defined]
    tensor = value.tensor  # type: ignore[attr-defined]
    if tensor.dtype != _DT_FLOAT or tensor.tensor_shape.dim:
        return None
    if tensor.float_val:
        return float(tensor.float_val[0])
    if len(tensor.tensor_content) != _FLOAT.size:
        return None
    return float(_FLOAT.unpack(tensor.tensor_content)[0])


def _masked_checksum(data: bytes) -> int:
    """CRC-32C of some bytes, masked as in records of TensorFlow."""
    checksum = 0xFFFFFFFF
    for byte in data:
        checksum = _TABLE[(checksum ^ byte) & 0xFF] ^ (checksum >> 8)
    checksum ^= 0xFFFFFFFF
    return ((checksum >> 15 | checksum << 17) + 0xA282EAD8) & 0xFFFFFFFF


def _remainder(byte: int) -> int:
    for _ in range(8):
        byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
    return byte


_TABLE = tuple(_remainder(byte) for byte in range(256))
