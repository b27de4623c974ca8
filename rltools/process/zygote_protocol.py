"""What a process and its zygote send to each other."""

import struct
from typing import NamedTuple

# The number of the request, and the worker's id or, below zero, the system's error.
REPLY = struct.Struct("<qq")
# A worker's socket, the lifeline's read end, its folder and its two outputs.
NUM_DESCRIPTORS = 5
MAX_REQUEST = 1 << 17  # Bytes that a socket takes as one message on every Linux.


class Order(NamedTuple):
    """What a worker is to be like; its descriptors come beside it.

    Attributes:
        number: That of the request.
        environment: Its environment variables.
        path: Where it imports from.
    """

    number: int
    environment: dict[bytes, bytes]
    path: list[str]
