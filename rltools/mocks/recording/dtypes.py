"""Which dtypes a recording can hold, and in which stream of numbers each is kept."""

import re

import numpy as np

# By the name of the stream. The others are kept as bytes: texts, times, and numbers of
# the other byte order.
STREAMS = {
    "bool": np.dtype("|b1"),
    "int8": np.dtype("|i1"),
    "int16": np.dtype("<i2"),
    "int32": np.dtype("<i4"),
    "int64": np.dtype("<i8"),
    "uint8": np.dtype("|u1"),
    "uint16": np.dtype("<u2"),
    "uint32": np.dtype("<u4"),
    "uint64": np.dtype("<u8"),
    "float16": np.dtype("<f2"),
    "float32": np.dtype("<f4"),
    "float64": np.dtype("<f8"),
    "complex64": np.dtype("<c8"),
    "complex128": np.dtype("<c16"),
}
BYTES, SIZES = "bytes", "sizes"
# Where the parts are whose length differs, and how many bytes each of them has.
ALL_STREAMS = {**STREAMS, BYTES: np.dtype("|u1"), SIZES: np.dtype("<i8")}

_BY_CODE = {dtype.str: name for name, dtype in STREAMS.items()}
# Not longer floats, which are not the same on every machine, nor objects or records.
_CODE = re.compile(
    r"[|]b1|[|][iu]1|[<>][iu][248]|[<>]f[248]|[<>]c(8|16)"
    r"|[|]S[1-9][0-9]*|[<>]U[1-9][0-9]*|[<>][mM]8(\[[0-9]*[a-zA-Z]+\])?"
)


def can_record(code: str) -> bool:
    """Whether values of a dtype can be recorded.

    Args:
        code: The dtype's `str`.

    >>> can_record("<f4"), can_record("|O"), can_record("<f16")
    (True, False, False)
    """
    return _CODE.fullmatch(code) is not None


def stream_of(code: str) -> str:
    """Name of the stream that keeps values of a dtype.

    >>> stream_of("<f4"), stream_of(">f4"), stream_of("<U5")
    ('float32', 'bytes', 'bytes')
    """
    return _BY_CODE.get(code, BYTES)
