"""What a process and its worker say to each other.

Every request has a number, and the reply has the number of the request it answers. The
number travels outside the pickled body, so that a body that can't be read still finds
the request it belongs to.
"""

import pickle
import struct
import sys
from enum import IntEnum
from typing import Any, NamedTuple

import cloudpickle
import numpy as np

_HEADER = struct.Struct("<QB")
_CONTAINERS = {tuple, list, set, frozenset}
_SCALARS = {type(None), bool, int, float, complex, str, bytes}


class Command(IntEnum):
    """What a worker can be asked for."""

    CONSTRUCT = 0
    RESET = 1
    STEP = 2
    CALL = 3
    GET = 4
    SET = 5
    CLOSE = 6


class Status(IntEnum):
    """What became of a request."""

    RETURNED = 0  # The body is the result.
    RAISED = 1  # The body is a `Failure`.
    NOT_PICKLABLE = 2  # The body is a text that says why the result can't be sent.
    NOT_READABLE = 3  # The body is a text that says why the request can't be read.


class Message(NamedTuple):
    """A request or a reply: `kind` is the value of its `Command` or `Status`."""

    number: int
    kind: int
    body: bytes | memoryview

    def encode(self) -> bytes:
        """The bytes that are sent."""
        return b"".join([_HEADER.pack(self.number, self.kind), self.body])

    @classmethod
    def decode(cls, data: memoryview) -> "Message":
        """The message that was sent."""
        number, kind = _HEADER.unpack_from(data)
        return cls(number, kind, data[_HEADER.size :])


def dumps(value: Any) -> bytes:
    """Pickle a value; what only cloudpickle can take (lambdas) goes that way.

    What the main module defines goes by value: the other side can't import it.
    """
    if _is_plain(value):
        return pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)
    return dumps_by_value(value)


def _is_plain(value: Any) -> bool:
    """Whether a value is made of nothing that a pickle would only name."""
    if type(value) in _CONTAINERS:
        return all(map(_is_plain, value))
    if type(value) is dict:
        return all(map(_is_plain, value)) and all(map(_is_plain, value.values()))
    if type(value) is np.ndarray:
        return value.dtype.kind in "biufcSU"
    return type(value) in _SCALARS or isinstance(value, np.number | np.bool_)


def dumps_by_value(value: Any) -> bytes:
    """Pickle a value with all that the program's main module defines and it uses.

    cloudpickle does so for `__main__`; a child of `multiprocessing` has its main module
    under another name.
    """
    main = sys.modules.get("__mp_main__")
    if main is None or "__mp_main__" in cloudpickle.list_registry_pickle_by_value():
        return cloudpickle.dumps(value)
    cloudpickle.register_pickle_by_value(main)
    try:
        return cloudpickle.dumps(value)
    finally:
        cloudpickle.unregister_pickle_by_value(main)
