"""Exceptions on their way to another process.

The text of an exception always gets there. The exception itself does only if it can be
pickled and read again, which many can't: those with a lambda or lock as an attribute,
or with a constructor of two arguments.
"""

import pickle
import traceback
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import cloudpickle

_FOLDERS = ("process", "hosting", "cluster")
_OURS = tuple(str(Path(__file__).parents[1] / name) for name in _FOLDERS)


@dataclass(frozen=True)
class Failure:
    """An exception, in a form that can always be pickled.

    Attributes:
        type_name: Qualified name of its type.
        message: Its text.
        traceback: Its formatted traceback.
        pickled: The exception itself, or None where it can't be pickled.
    """

    type_name: str
    message: str
    traceback: str
    pickled: bytes | None

    @classmethod
    def of(cls, error: BaseException) -> "Failure":
        """Pack an exception; its traceback begins where our own code ends."""
        error = error.with_traceback(_without_our_frames(error.__traceback__))
        kind = type(error)
        module = "" if kind.__module__ == "builtins" else f"{kind.__module__}."
        return cls(
            type_name=module + kind.__qualname__,
            message=_text_of(error),
            traceback="".join(traceback.format_exception(error)),
            pickled=_pickle_if_possible(error),
        )

    def original(self) -> BaseException | None:
        """The exception itself, where it could be pickled and can be read here."""
        if self.pickled is None:
            return None
        try:
            error = pickle.loads(self.pickled)
        except Exception:  # Its class may exist in the worker only; the text remains.
            return None
        return error if isinstance(error, BaseException) else None


def _without_our_frames(traceback: TracebackType | None) -> TracebackType | None:
    while traceback and traceback.tb_frame.f_code.co_filename.startswith(_OURS):
        traceback = traceback.tb_next
    return traceback


def _text_of(error: BaseException) -> str:
    try:
        return str(error)
    except Exception as problem:
        return f"(its text can't be shown: __str__ raised {type(problem).__name__})"


def _pickle_if_possible(error: BaseException) -> bytes | None:
    try:
        data = cloudpickle.dumps(error)
        pickle.loads(data)  # Fails here rather than in the parent.
    except Exception:
        return None
    return data
