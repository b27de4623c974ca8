"""What a process and its worker say to each other.

Every request has a number, and the reply has the number of the request it answers. The
number travels outside the pickled body, so that a body that can't be read still finds
the request it belongs to.
"""

import io
import pickle
import sys
from collections import ChainMap
from enum import IntEnum
from types import CodeType
from typing import Any, NamedTuple

import cloudpickle
import numpy as np

_NO_FILE = "<dynamic-code>"  # What cloudpickle puts in the place of a file's name.
_CONTAINERS = {tuple, list, set, frozenset}
_SCALARS = {type(None), bool, int, float, complex, str, bytes}


class Command(IntEnum):
    """What a worker can be asked for."""

    BUILD = 0
    STEP_ROWS = 1  # All environments; actions and results are in the columns.
    RESET_ROWS = 2  # Some environments; observations are in the columns.
    STEP = 3  # One environment; with pickled arguments, like those that follow.
    RESET = 4
    CALL = 5
    GET = 6
    SET = 7
    PLACE = 8
    MEASURE = 9
    MOVE_IN = (
        10  # Gives the worker its place in shared memory; comes with a descriptor.
    )
    CLOSE = 11
    WAKE = 12  # No request: there is one in shared memory.


class Status(IntEnum):
    """What became of a request."""

    RETURNED = 0  # The body is the result.
    RETURNED_IN_ROW = 1  # As above, but its observation is in the columns.
    RAISED = 2  # The body is a `Failure`.
    NOT_PICKLABLE = 3  # The body is a text that says why the result can't be sent.
    NOT_READABLE = 4  # The body is a text that says why the request can't be read.
    REPORTED = 5  # The body is the report of a step that was announced by `Signals`.
    WOKEN = 6  # No reply: there is one in shared memory.


class Message(NamedTuple):
    """A request or a reply: `kind` is the value of its `Command` or `Status`."""

    number: int
    kind: int
    body: bytes | memoryview


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


def _reduce_code(code: CodeType) -> tuple[Any, ...]:
    make, values = cloudpickle.Pickler.dispatch_table[CodeType](code)
    return make, tuple(
        code.co_filename if type(value) is str and value == _NO_FILE else value
        for value in values
    )


class _Pickler(cloudpickle.Pickler):
    """Pickles code with the name of its file, so that tracebacks can show its lines.

    Newer versions of cloudpickle leave the name out.
    """

    dispatch_table = ChainMap(
        {CodeType: _reduce_code}, cloudpickle.Pickler.dispatch_table
    )


def dumps_by_value(value: Any) -> bytes:
    """Pickle a value with all that the program's main module defines and it uses.

    cloudpickle does so for `__main__`; a child of `multiprocessing` has its main module
    under another name.
    """
    main = sys.modules.get("__mp_main__")
    if main is None or "__mp_main__" in cloudpickle.list_registry_pickle_by_value():
        return _dumps(value)
    cloudpickle.register_pickle_by_value(main)
    try:
        return _dumps(value)
    finally:
        cloudpickle.unregister_pickle_by_value(main)


def _dumps(value: Any) -> bytes:
    file = io.BytesIO()
    _Pickler(file).dump(value)
    return file.getvalue()
