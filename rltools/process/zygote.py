"""Starts workers in milliseconds: a helper process that is copied for each of them.

A fresh interpreter takes a quarter of a second of a core to import NumPy and Gymnasium.
The zygote has done so once, and does nothing else: no thread was ever started in it,
and nothing of the program was imported there. A worker is a copy of it that is a child
of this process, not of the zygote, so that nothing else about workers is different.
"""

import contextlib
import os
import pickle
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence

from rltools.process.zygote_protocol import MAX_REQUEST, REPLY, Order

_BOOT = (
    "import sys; sys.path[:] = {path!r}; "
    "from rltools.process.zygote_main import main; main({socket})"
)
# On a busy machine its start may take a while.
_SECONDS_TO_ANSWER = 30.0


class ZygoteError(Exception):
    """No worker was started; a fresh interpreter is to be."""


class Zygote:
    """A process that is copied.

    Args:
        environment: Its environment variables.
        path: Where it imports from.

    Raises:
        ZygoteError: It could not be started, or can't be copied here.
    """

    def __init__(self, environment: Mapping[str, str], path: Sequence[str]) -> None:
        try:
            ends = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        except (AttributeError, OSError) as error:
            raise ZygoteError(f"there are no such sockets here: {error}") from error
        self._socket, theirs = ends
        self._socket.settimeout(_SECONDS_TO_ANSWER)
        self._number = 0
        with theirs:
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-c"),
                    _BOOT.format(path=list(path), socket=theirs.fileno()),
                ],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                env=environment,
                process_group=0,
            )
        self._await(0)

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def fileno(self) -> int:
        """Descriptor of the socket that leads to it."""
        return self._socket.fileno()

    def spawn(
        self,
        environment: Mapping[bytes, bytes],
        path: Sequence[str],
        descriptors: Sequence[int],
    ) -> int:
        """Start a worker.

        Args:
            environment: Its environment variables.
            path: Where it imports from.
            descriptors: Its socket, the lifeline's read end, its folder and its two
                outputs.

        Returns:
            Its process id; it is a child of this process and leads its own group.

        Raises:
            ZygoteError: It could not be started.
        """
        self._number += 1
        order = Order(self._number, dict(environment), list(path))
        body = pickle.dumps(tuple(order))
        if len(body) > MAX_REQUEST:
            raise ZygoteError("there are too many environment variables.")
        try:
            socket.send_fds(self._socket, [body], descriptors)
        except OSError as error:
            self.close()
            raise ZygoteError(f"it has ended: {error}") from error
        except BaseException:
            self.close()
            raise
        pid = self._await(self._number)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.setpgid(pid, pid)  # It does so itself, perhaps later.
        return pid

    def close(self) -> None:
        """End it; workers live on."""
        if self._socket.fileno() < 0:
            return
        self._process.kill()
        self._process.wait()
        # A worker that nobody has heard of yet must not be left behind.
        self._socket.settimeout(0.0)
        with contextlib.suppress(OSError), self._socket:
            while reply := self._socket.recv(REPLY.size):
                number, pid = REPLY.unpack(reply)
                if number and pid > 0:
                    os.kill(pid, signal.SIGKILL)
                    os.waitpid(pid, 0)

    def abandon(self) -> None:
        """Leave it to the process that this process was forked from."""
        self._process.returncode = 0  # As far as this process is concerned.
        self._socket.close()

    def _await(self, number: int) -> int:
        try:
            reply = self._socket.recv(REPLY.size)
        except OSError as error:
            self.close()
            raise ZygoteError(f"it does not answer: {error}") from error
        except BaseException:  # Such as Ctrl-C: what is under way must not be mixed up.
            self.close()
            raise
        if not reply:
            self.close()
            raise ZygoteError("it has ended.")
        answered, pid = REPLY.unpack(reply)
        assert answered == number
        if pid < 0:
            self.close()
            raise ZygoteError(f"the system does not allow it: {os.strerror(-pid)}.")
        return pid
