"""A child of this process that was not started by `subprocess`."""

import contextlib
import os
import signal


class ChildProcess:
    """As much of a `subprocess.Popen` as is needed.

    Args:
        pid: The child's process id.

    Attributes:
        pid: See above.
        returncode: The exit code, or minus the number of the signal that ended it;
            None before it has been waited for.
    """

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._parent = os.getpid()

    def __del__(self) -> None:
        # Such as by Ctrl-C before anybody could look after it.
        if self.returncode is None and self._parent == os.getpid():
            self.kill()
            self.wait()

    def kill(self) -> None:
        """End it, unless it has been waited for."""
        if self.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)

    def wait(self) -> int:
        """Wait for its end; returns the exit code."""
        if self.returncode is None:
            try:
                _, status = os.waitpid(self.pid, 0)
            except ChildProcessError:  # Somebody else has waited for all children.
                status = 0
            if self.returncode is None:  # Else a signal handler has waited meanwhile.
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode
