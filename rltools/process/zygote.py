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
import time
from collections.abc import Iterator, Mapping, Sequence

from rltools.process.child import ChildProcess
from rltools.process.zygote_protocol import MAX_REQUEST, REPLY, Order

_BOOT = (
    "import sys; sys.path[:] = {path!r}; "
    "from rltools.process.zygote_main import main; main({socket})"
)
# On a busy machine its start may take a while.
_SECONDS_TO_ANSWER = 30.0
_SECONDS_TO_END = 5.0
_SECONDS_BETWEEN_LOOKS = 0.005


class ZygoteError(Exception):
    """No worker was started; a fresh interpreter is to be."""


class Zygote:
    """A process that is copied, once it has been started."""

    def __init__(self) -> None:
        self._socket: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._number = 0

    @property
    def pid(self) -> int:
        """The process id, -1 before the start and after the end."""
        return -1 if self._process is None else self._process.pid

    def fileno(self) -> int:
        """Descriptor of the socket that leads to it, -1 if there is none."""
        return -1 if self._socket is None else self._socket.fileno()

    def start(self, environment: Mapping[str, str], path: Sequence[str]) -> None:
        """Start it, and wait until it has imported all that workers need.

        Args:
            environment: Its environment variables.
            path: Where it imports from.

        Raises:
            ZygoteError: It could not be started, or can't be copied here.
        """
        with self._closed_on_error():
            pair = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            self._socket, theirs = pair
            self._socket.settimeout(_SECONDS_TO_ANSWER)
            with theirs:
                boot = _BOOT.format(path=list(path), socket=theirs.fileno())
                self._process = subprocess.Popen(
                    [sys.executable, "-c", boot],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    pass_fds=[theirs.fileno()],
                    env=environment,
                    process_group=0,
                )
            self._receive(0)

    def spawn(
        self,
        environment: Mapping[bytes, bytes],
        path: Sequence[str],
        descriptors: Sequence[int],
    ) -> ChildProcess:
        """Start a worker.

        Args:
            environment: Its environment variables.
            path: Where it imports from.
            descriptors: Its socket, the lifeline's read end, its folder and its two
                outputs.

        Returns:
            The worker; it is a child of this process and leads its own group.

        Raises:
            ZygoteError: It could not be started. If the zygote was asked to, it has
                been ended, and with it what it may have started.
        """
        assert self._socket is not None
        order = Order(self._number + 1, dict(environment), list(path))
        body = pickle.dumps(tuple(order))
        if len(body) > MAX_REQUEST:
            raise ZygoteError("there are too many environment variables.")
        with self._closed_on_error():
            self._number += 1
            socket.send_fds(self._socket, [body], descriptors)
            worker = ChildProcess(self._receive(self._number))
            # Up to here it is in the group of the zygote, and would be ended with it.
            # It begins when the first message comes, and finds itself the leader then.
            with contextlib.suppress(ProcessLookupError):
                os.setpgid(worker.pid, worker.pid)
            return worker

    def close(self) -> None:
        """End it, and whoever it has copied itself to unheard; workers live on."""
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            is_killed = True
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:  # Somebody else has waited for it.
                pass
            except PermissionError:  # It ends when nobody can ask it any more.
                is_killed = False
        if self._socket is not None:
            self._socket.close()
        if process is not None and process.returncode is None:
            process.returncode = 0  # As far as its own class is concerned.
            _wait_for_group(process.pid, for_ever=is_killed)

    def abandon(self) -> None:
        """Leave it to the process that this process was forked from."""
        if self._process is not None:
            self._process.returncode = 0  # As far as this process is concerned.
        if self._socket is not None:
            self._socket.close()

    def _receive(self, number: int) -> int:
        assert self._socket is not None
        reply = self._socket.recv(REPLY.size)
        if not reply:
            raise ZygoteError("it has ended.")
        answered, pid = REPLY.unpack(reply)
        if answered != number:
            raise ZygoteError(f"it answers {answered} and not {number}.")
        if pid < 0:
            raise ZygoteError(f"the system does not allow it: {os.strerror(-pid)}.")
        return int(pid)

    @contextlib.contextmanager
    def _closed_on_error(self) -> Iterator[None]:
        # Also by Ctrl-C: what is under way then must not be taken for the next.
        try:
            yield
        except BaseException as error:
            self.close()
            if isinstance(error, AttributeError | OSError):
                raise ZygoteError(f"{type(error).__name__}: {error}") from error
            raise


def _wait_for_group(group: int, *, for_ever: bool) -> None:
    deadline = time.monotonic() + _SECONDS_TO_END
    with contextlib.suppress(ChildProcessError):
        while True:
            pid, _ = os.waitpid(-group, 0 if for_ever else os.WNOHANG)
            if not pid:
                if time.monotonic() > deadline:
                    return
                time.sleep(_SECONDS_BETWEEN_LOOKS)
