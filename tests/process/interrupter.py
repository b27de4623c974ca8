"""Interrupts a call between two lines, as a signal may."""

import contextlib
import os
import sys

import rltools

_FOLDER = os.path.dirname(rltools.__file__)


class Interrupter:
    """Does something before the n-th line of the package that is run in a block.

    That is where Python lets signal handlers run, Ctrl-C's among them.

    Args:
        at: Which line, from 1.
        action: What to do there.

    Attributes:
        where: File, line and function that were interrupted; None if the block had not
            so many lines.
    """

    def __init__(self, at, action):
        self.where = None
        self._left = at
        self._action = action

    @contextlib.contextmanager
    def armed(self):
        """Count the lines of a block, and interrupt it."""
        before = sys.gettrace()
        sys.settrace(self._enter)
        try:
            yield
        finally:
            sys.settrace(before)

    def _enter(self, frame, event, arg):
        return self._trace if frame.f_code.co_filename.startswith(_FOLDER) else None

    def _trace(self, frame, event, arg):
        if event == "line" and self.where is None:
            self._left -= 1
            if not self._left:
                code = frame.f_code
                self.where = code.co_filename, frame.f_lineno, code.co_name
                sys.settrace(None)
                self._action()
        return self._trace
