"""A line on the terminal that says what is being done, and leaves no trace."""

import contextlib
import sys
from collections.abc import Callable, Iterator

_BACK_TO_AN_EMPTY_LINE = "\r\033[K"


@contextlib.contextmanager
def progress() -> Iterator[Callable[[str], None]]:
    """Provide a function that shows a line in the place of the one before.

    Shows nothing where errors don't go to a terminal.
    """

    def show(line: str) -> None:
        if sys.stderr.isatty():
            sys.stderr.write(_BACK_TO_AN_EMPTY_LINE + line)
            sys.stderr.flush()

    try:
        yield show
    finally:
        show("")
