"""A process together with all that it starts, of which nothing is left in the end."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO

_SECONDS_OF_GRACE = 0.5
_SECONDS_BETWEEN_LOOKS = 0.01


class Session:
    """Starts a process that leads a session of its own.

    Args:
        command: The program and its arguments.
        output: File for what it prints, also as errors.
        pass_fds: Descriptors that it inherits.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        output: IO[bytes],
        pass_fds: Sequence[int] = (),
    ) -> None:
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            pass_fds=pass_fds,
            start_new_session=True,
        )

    @property
    def exit_code(self) -> int | None:
        """As in `subprocess`: negative for the number of a signal."""
        return self._process.returncode

    def wait(self, seconds: float) -> bool:
        """Wait for the process to end; returns whether it did."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def end(self) -> int:
        """Kill what is left of the session.

        Returns:
            How many processes it had left behind after its own end, and after a moment
            of grace; 0 where the system can't tell.
        """
        is_over = self._process.poll() is not None
        left = self._wait_for_others() if is_over else []
        while members := self.members():
            for pid in members:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(_SECONDS_BETWEEN_LOOKS)
        if not is_over:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        return len(left)

    def members(self) -> list[int]:
        """Process ids of the session's processes, where the system tells them."""
        if sys.platform != "linux":
            return []
        found = []
        for folder in Path("/proc").iterdir():
            # A process may end while it is looked at.
            with contextlib.suppress(OSError):
                if folder.name.isdecimal():
                    text = (folder / "stat").read_text()
                    state, _, _, session = text.rpartition(")")[2].split()[:4]
                    if int(session) == self._process.pid and state not in "ZX":
                        found.append(int(folder.name))
        return found

    def _wait_for_others(self) -> list[int]:
        deadline = time.monotonic() + _SECONDS_OF_GRACE
        while (members := self.members()) and time.monotonic() < deadline:
            time.sleep(_SECONDS_BETWEEN_LOOKS)
        return members
