"""The framing of TensorBoard's event files: TFRecord, one record after the other.

A record is the length of its payload (unsigned 64 bits, little endian), a checksum of
these eight bytes, the payload, and a checksum of the payload. Both are CRC-32C
(Castagnoli, 1993; the polynomial of iSCSI, RFC 3720), rotated and offset, because a
checksum of data that has checksums in it would be weak.
"""

import struct
from pathlib import Path

_POLYNOMIAL = 0x82F63B78  # Castagnoli's, its bits reversed.
_MASK = 0xA282EAD8
_HEAD = struct.Struct("<QI")
_FOOT = struct.Struct("<I")
_WORD = 0xFFFFFFFF


def _make_table() -> tuple[int, ...]:
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (_POLYNOMIAL if byte & 1 else 0)
        table.append(byte)
    return tuple(table)


_TABLE = _make_table()


def checksum(data: bytes) -> int:
    """Return the CRC-32C of some bytes, without the mask.

    >>> hex(checksum(b"123456789"))
    '0xe3069283'
    """
    crc = _WORD
    for byte in data:
        crc = _TABLE[(crc ^ byte) & 0xFF] ^ crc >> 8
    return crc ^ _WORD


def frame(payload: bytes) -> bytes:
    """Return the record of a payload."""
    length = struct.pack("<Q", len(payload))
    head, foot = _masked(length), _masked(payload)
    return b"".join([length, _FOOT.pack(head), payload, _FOOT.pack(foot)])


def whole_size(path: Path) -> int:
    """Measure how many bytes of a file are whole and intact records.

    Args:
        path: The file.

    Returns:
        Where the first record begins that is torn or damaged; the size of the file if
        there is none.

    Raises:
        OSError: The file can't be read.
    """
    size, end = 0, path.stat().st_size
    with path.open("rb") as file:
        while len(head := file.read(_HEAD.size)) == _HEAD.size:
            length, expected = _HEAD.unpack(head)
            if _masked(head[:8]) != expected:
                break
            if length + _FOOT.size > end - file.tell():
                break
            body = file.read(length + _FOOT.size)
            if _masked(body[:length]) != _FOOT.unpack(body[length:])[0]:
                break
            size = file.tell()
    return size


def _masked(data: bytes) -> int:
    crc = checksum(data)
    return ((crc >> 15 | crc << 17) + _MASK) & _WORD
