"""Files of arrays that carry proof of being complete: .npz with a checksum.

The file is what `numpy.savez_compressed` would write, so that `numpy.load` reads it,
but for two things: the first member is `recording.json`, and the comment at the end is
a checksum of all that stands before it.
"""

import errno
import hashlib
import io
import os
import re
import uuid
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from rltools.errors import RecordingError
from rltools.interrupts import delayed_interrupt
from rltools.manifest import sync

HEADER = "recording.json"
_SUFFIX = ".npy"
_LABEL = b"sha256:"
_DIGITS = 64
_NAME = slice(30, 30 + len(HEADER))  # Of the first member, after what precedes it.
_SAME_FOR_ALL = (1980, 1, 1, 0, 0, 0)  # Equal recordings are equal files.
_UNREADABLE = (
    *(zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError),
    *(NotImplementedError, ValueError, TypeError, KeyError, OverflowError),
)


def write_archive(path: Path, header: bytes, arrays: Mapping[str, np.ndarray]) -> None:
    """Write a file aside, to the disk, and then in the place of an earlier one.

    Args:
        path: The file. There is never a part of it under this name.
        header: What to put first; a JSON text.
        arrays: The arrays by their names.

    Raises:
        OSError: The disk is full, the folder can't be written, or under that name is
            something other than a file. What was there before is still there.
    """
    path = path.resolve()  # A link stays, and what it points to is written.
    if path.exists() and not path.is_file():
        raise FileExistsError(
            errno.EEXIST, "There is something other than a file", path
        )
    content = pack_archive(header, arrays)
    aside = path.with_name(f".{path.name}.{uuid.uuid4().hex}.partial")
    with delayed_interrupt():
        try:
            with aside.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            aside.replace(path)
        except BaseException:
            aside.unlink(missing_ok=True)
            raise
        sync(path.parent)


def read_file(path: Path, max_bytes: int) -> bytes:
    """Read a file, unless it is too large.

    Raises:
        RecordingError: It can't be read, or is too large. The message does not name it.
    """
    try:
        size = path.stat().st_size
        if size > max_bytes:
            raise _too_large(size, max_bytes)
        return path.read_bytes()
    except OSError as error:
        raise RecordingError(f"it can't be read ({error.strerror})") from error


def unpack_archive(
    content: bytes, max_bytes: int
) -> tuple[bytes, dict[str, np.ndarray]]:
    """Take a file apart after having checked that it is what was written.

    Args:
        content: All of the file.
        max_bytes: How much of memory it may take.

    Returns:
        Tuple of the header and the arrays by their names, which are read-only.

    Raises:
        RecordingError: It is no such file, is damaged, or is too large.
    """
    _verify(content)
    try:
        return _unpack(content, max_bytes)
    except _UNREADABLE as error:
        if isinstance(error, RecordingError):
            raise
        raise RecordingError(f"it is no archive of arrays ({error})") from error


def pack_archive(header: bytes, arrays: Mapping[str, np.ndarray]) -> bytes:
    """Put together what `write_archive` writes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        _add(archive, HEADER, header)
        for name, values in arrays.items():
            member = io.BytesIO()
            np.lib.format.write_array(member, values, allow_pickle=False)
            _add(archive, name + _SUFFIX, member.getvalue())
        archive.comment = _LABEL + b"0" * _DIGITS
    content = buffer.getvalue()[:-_DIGITS]
    return content + hashlib.sha256(content).hexdigest().encode()


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    info = zipfile.ZipInfo(name, _SAME_FOR_ALL)
    info.external_attr = 0o644 << 16
    archive.writestr(info, content, zipfile.ZIP_DEFLATED, 9)


def _verify(content: bytes) -> None:
    if content[_NAME] != HEADER.encode():
        reason = "it is empty" if not content else "it is not a recording"
        raise RecordingError(reason)
    proof = re.fullmatch(_LABEL + rb"([0-9a-f]{64})", content[-len(_LABEL) - _DIGITS :])
    if proof is None:
        raise RecordingError("it is damaged: its end is missing")
    if hashlib.sha256(content[:-_DIGITS]).hexdigest().encode() != proof[1]:
        raise RecordingError("it is damaged: its checksum differs")


def _unpack(content: bytes, max_bytes: int) -> tuple[bytes, dict[str, np.ndarray]]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = archive.infolist()
        # No more than what is declared is ever unpacked.
        size = sum(member.file_size for member in members)
        if size > max_bytes:
            raise _too_large(size, max_bytes)
        header = archive.read(HEADER)
        arrays = {
            member.filename.removesuffix(_SUFFIX): _parse(archive.read(member))
            for member in members
            if member.filename != HEADER
        }
    return header, arrays


def _parse(member: bytes) -> np.ndarray:
    """Make an array of its file, without room for more than the file has."""
    file = io.BytesIO(member)
    if np.lib.format.read_magic(file) != (1, 0):
        raise ValueError("an array of another version")
    shape, _, dtype = np.lib.format.read_array_header_1_0(file)
    if dtype.hasobject or len(shape) != 1:
        raise ValueError(f"an array of shape {shape} and {dtype}")
    values = np.frombuffer(member, dtype, offset=file.tell())
    if values.shape != shape:
        raise ValueError(f"an array of shape {shape} has {len(values)} values")
    return values


def _too_large(size: int, max_bytes: int) -> RecordingError:
    return RecordingError(
        f"it takes {size:,} bytes of memory, more than max_bytes={max_bytes:,}"
    )
