"""Starts workers: fresh interpreters that inherit nothing by accident.

A worker is not forked: a process with threads (TensorFlow's, or NumPy's own) can't be
forked safely. Nor does it run the program's `__main__` again, so that programs need no
guard, notebooks work, and what the program imports isn't paid for in every worker.
Those after the first are copies of an interpreter that was fresh itself: see `zygote`.
"""

import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from typing import NamedTuple

from rltools.process.child import ChildProcess
from rltools.process.frames import FrameSocket
from rltools.process.zygote_keeper import keeper

# Many workers on few cores each with a thread per core would only be in their way.
_THREAD_COUNTS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
)
_SECONDS_BETWEEN_LOOKS = 0.005
_SECONDS_PER_WAIT = 60.0  # For an end that must come.
_LAST_OUTPUT = 2
try:
    _STARTED_IN = os.getcwd()
except FileNotFoundError:  # Deleted, so that nothing can be imported from there.
    _STARTED_IN = ""
_BOOT = (
    "import sys; sys.path[:] = {path!r}; "
    "from rltools.process.worker import main; main({socket}, {read_end})"
)


class Launched(NamedTuple):
    """A worker that has been started, and the socket that leads to it."""

    process: "WorkerProcess"
    frames: FrameSocket


class WorkerProcess:
    """The process of a worker and the group of those that it started.

    Args:
        process: The process, leader of its own process group.
        lifeline: Descriptor of the lifeline's write end.

    Attributes:
        exit_handle: Descriptor that can be read once the process has exited, or None
            where the system has none.
    """

    def __init__(self, process: subprocess.Popen | ChildProcess, lifeline: int) -> None:
        self._process = process
        self._lifeline: int | None = lifeline
        self._ending = threading.RLock()
        self.exit_handle = _open_exit_handle(process.pid)

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """The exit code as in `subprocess`, once `end` has been called."""
        return self._process.returncode

    def wait(self, timeout: float) -> bool:
        """Wait for the process to exit, without reaping it; returns whether it did."""
        if self._process.returncode is not None:
            return True
        handle = self.exit_handle
        if handle is not None:
            poll = select.poll()
            poll.register(handle, select.POLLIN)
            return bool(poll.poll(max(0.0, timeout) * 1000))
        deadline = time.monotonic() + timeout
        while not self._has_exited():
            if time.monotonic() >= deadline:
                return False
            time.sleep(_SECONDS_BETWEEN_LOOKS)
        return True

    def end(self) -> None:
        """Kill what is left of the process and its group, and reap it; idempotent."""
        with self._ending:
            try:
                if self._process.returncode is None:
                    # While it is not reaped, its id can't be another's.
                    try:
                        os.killpg(self._process.pid, signal.SIGKILL)
                    except (ProcessLookupError, PermissionError):
                        self._process.kill()
                    # That of `subprocess` holds a lock, which a signal handler that
                    # ends it, too, would wait for in vain.
                    while not self.wait(_SECONDS_PER_WAIT):
                        pass
                    self._process.wait()
            finally:
                self._close_descriptors()

    def abandon(self) -> None:
        """Leave the process to the one that this process was forked from."""
        self._ending = threading.RLock()  # A thread of the parent may have held it.
        self._process.returncode = 0  # As far as this process is concerned.
        self._close_descriptors()

    def _has_exited(self) -> bool:
        try:
            flags = os.WEXITED | os.WNOWAIT | os.WNOHANG
            return os.waitid(os.P_PID, self._process.pid, flags) is not None
        except ChildProcessError:
            return True

    def _close_descriptors(self) -> None:
        lifeline, self._lifeline = self._lifeline, None
        handle, self.exit_handle = self.exit_handle, None
        for descriptor in (lifeline, handle):
            if descriptor is not None:
                os.close(descriptor)


def _open_exit_handle(pid: int) -> int | None:
    try:
        return os.pidfd_open(pid)
    except (AttributeError, OSError):  # Not on this system, or not allowed there.
        return None


def launch(*, threads: int | None = None) -> Launched:
    """Start a worker; returns before it is ready.

    Args:
        threads: Threads of its numerical libraries; None for one, unless the
            environment variables of this process say something else.
    """
    with contextlib.ExitStack() as on_error, contextlib.ExitStack() as always:
        ours, theirs = map(_clear_of_outputs, socket.socketpair())
        on_error.callback(ours.close)
        always.callback(theirs.close)
        read_end, write_end = map(_above_outputs, os.pipe())
        on_error.callback(os.close, write_end)
        always.callback(os.close, read_end)
        counts = dict.fromkeys(_THREAD_COUNTS, str(threads or 1))
        environment = counts | os.environ if threads is None else os.environ | counts
        process = _start(environment, theirs.fileno(), read_end)
        on_error.pop_all()
    return Launched(WorkerProcess(process, write_end), FrameSocket(ours))


def _start(
    environment: Mapping[str, str], end: int, read_end: int
) -> subprocess.Popen | ChildProcess:
    path = _import_path()
    worker = keeper.spawn(environment, path, end, read_end)
    return worker or subprocess.Popen(
        [
            *(sys.executable, "-c"),
            _BOOT.format(path=path, socket=end, read_end=read_end),
        ],
        stdin=subprocess.DEVNULL,
        pass_fds=(end, read_end),
        env=environment,
        process_group=0,  # Ctrl-C is the parent's to handle.
    )


def _clear_of_outputs(end: socket.socket) -> socket.socket:
    return socket.socket(fileno=_above_outputs(end.detach()))


def _above_outputs(descriptor: int) -> int:
    """Move a descriptor, so that nobody takes it for an output that was closed."""
    low = []
    while descriptor <= _LAST_OUTPUT:
        low.append(descriptor)
        descriptor = os.dup(descriptor)
    for each in low:
        os.close(each)
    return descriptor


def _import_path() -> list[str]:
    """Where this process imports from, also if it has changed its folder since."""
    folders = [folder for folder in sys.path if isinstance(folder, str)]
    return [os.path.join(_STARTED_IN, folder) for folder in folders]
