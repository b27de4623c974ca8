"""Processes that this one has started, also by others that have ended since."""

import contextlib
import os
import select
import time
from collections.abc import Set
from dataclasses import dataclass
from pathlib import Path

from rltools.leaks.belonging import Belonging

_PROCESSES = Path("/proc")


@dataclass(frozen=True)
class Process:
    """A process of this machine.

    Attributes:
        pid: Its id, which another one may have after it.
        started: When it started, in ticks of the machine's clock.
        parent: Id of its parent.
        state: One letter: `"R"` runs, `"S"` sleeps, `"Z"` has ended without being
            waited for.
        name: The name of its program, cut short.
    """

    pid: int
    started: int
    parent: int
    state: str
    name: str

    @property
    def key(self) -> tuple[int, int]:
        """What tells it from one that has its id later."""
        return self.pid, self.started


def list_processes() -> dict[int, Process]:
    """All processes of the machine by id; none where the system has no such list."""
    found = {}
    for name in os.listdir(_PROCESSES) if _PROCESSES.exists() else ():
        if name.isdecimal() and (process := _look_up(name)):
            found[process.pid] = process
    return found


def find_processes(
    mark: bytes, *, known: Set[tuple[int, int]], besides: Set[int]
) -> set[Belonging]:
    """Processes that descend from this one, or carry a mark in their environment.

    Args:
        mark: What their environment has in it if they were started by this process or
            its descendants, also where those in between have ended.
        known: Keys of processes to leave out: they were there before.
        besides: Ids of processes to leave out.
    """
    processes = list_processes()
    return {
        Belonging("process", process.key, _describe(process))
        for process in processes.values()
        if process.key not in known
        and process.pid not in besides
        and process.pid != os.getpid()
        and (_descends(process, processes) or _carries(process, mark))
    }


def wait_for_processes(pids: list[int], deadline: float) -> None:
    """Wait until some processes have ended, without reaping them.

    Args:
        pids: Their ids.
        deadline: Time of `time.monotonic` to wait until.
    """
    with contextlib.ExitStack() as stack:
        for pid in pids:
            try:
                handle = os.pidfd_open(pid)
            except (AttributeError, OSError):  # It has ended, or can't be waited for.
                continue
            stack.callback(os.close, handle)
            poll = select.poll()
            poll.register(handle, select.POLLIN)
            poll.poll(max(0.0, deadline - time.monotonic()) * 1000)


def _look_up(pid: str) -> Process | None:
    try:
        # Not by `read_text`, for which this is called far too often.
        with open(f"{_PROCESSES}/{pid}/stat", "rb") as file:
            line = file.read().decode(errors="replace")
    except (FileNotFoundError, ProcessLookupError):  # It has ended meanwhile.
        return None
    # The name of the program is in brackets, and may contain some itself.
    before, _, after = line.rpartition(")")
    name = before.partition(" (")[2]
    # Its state, parent, 17 other things, and when it was started.
    fields = after.split()
    return Process(int(pid), int(fields[19]), int(fields[1]), fields[0], name)


def _descends(process: Process, processes: dict[int, Process]) -> bool:
    seen = set()
    parent = process.parent
    while parent in processes and parent not in seen:
        if parent == os.getpid():
            return True
        seen.add(
            parent
        )  # The list is not of one moment, so that there may be a circle.
        parent = processes[parent].parent
    return False


def _carries(process: Process, mark: bytes) -> bool:
    try:
        return mark in (_PROCESSES / str(process.pid) / "environ").read_bytes()
    except OSError:  # It has ended meanwhile, or belongs to somebody else.
        return False


def _describe(process: Process) -> str:
    if process.state == "Z":
        return f"process {process.pid}: {process.name} (ended, not waited for)"
    try:
        command = (_PROCESSES / str(process.pid) / "cmdline").read_bytes()
    except OSError:
        command = b""
    words = command.rstrip(b"\0").replace(b"\0", b" ").decode(errors="replace")
    return f"process {process.pid}: {words or process.name}"
