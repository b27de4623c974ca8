"""What the tests of processes share; above all, that nothing outlives any of them."""

import contextlib
import gc
import os
import select
import signal
import subprocess
import sys
import textwrap
import threading
import time
import uuid
from pathlib import Path

import pytest

from rltools.batch_env import BatchEnv
from rltools.wrappers import ExternalProcess

# Inherited by all that a test starts, also by what its parent has abandoned.
_MARK = "RLTOOLS_STARTED_BY_TEST"
_SECONDS_TO_DIE = 5

# Where the environments of a batch can be: functions of their constructors.
_PLACES = {
    "here": lambda makes, **options: BatchEnv([make() for make in makes], **options),
    "processes": lambda makes, **options: BatchEnv(
        [ExternalProcess(make) for make in makes], **options
    ),
}


def _is_gone(pid: int, seconds: float) -> bool:
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        poll = select.poll()
        poll.register(handle, select.POLLIN)
        return bool(poll.poll(seconds * 1000))
    finally:
        os.close(handle)


def _descriptors() -> set[str]:
    found = set()
    for entry in os.listdir("/proc/self/fd"):
        try:
            found.add(f"descriptor {entry} of {os.readlink(f'/proc/self/fd/{entry}')}")
        except FileNotFoundError:
            continue  # That of the listing itself.
    return found


def _shared_mappings() -> set[str]:
    lines = Path("/proc/self/maps").read_text().splitlines()
    return {
        f"mapping {line}" for line in lines if "memfd:" in line or "/dev/shm/" in line
    }


def _children() -> set[str]:
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            name, _, fields = stat.read_text().rpartition(")")
        except (FileNotFoundError, ProcessLookupError):
            continue
        state, parent = fields.split()[:2]
        if int(parent) == os.getpid():
            found.add(f"child {name}) in state {state}")
    return found


def _abandoned_files() -> set[str]:
    """Files in shared memory that no process uses; it may be others' who do."""
    found = {str(path) for path in Path("/dev/shm").iterdir()}
    for maps in Path("/proc").glob("[0-9]*/maps") if found else ():
        try:
            text = maps.read_text(errors="replace")
        except OSError:
            continue  # It has ended meanwhile, or belongs to somebody else.
        found = {path for path in found if path not in text}
    return {path for path in found if os.path.exists(path)}


def _belongings() -> set[str]:
    """What this process holds and must give back, in words."""
    names = {f"thread {thread.name}" for thread in threading.enumerate()}
    held = _descriptors() | _shared_mappings() | _children()
    return held | names | _abandoned_files()


def _marked_processes(mark: str) -> dict[int, str]:
    """Command lines, by process id, of all running processes with a mark."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if f"{_MARK}={mark}\0".encode() in (folder / "environ").read_bytes():
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ")
                found[int(folder.name)] = command.decode(errors="replace")
        except (OSError, ValueError):
            continue  # It has ended meanwhile, or belongs to somebody else.
    return found


@pytest.fixture(autouse=True)
def nothing_left(monkeypatch):
    """Fails a test that leaves a process, child, descriptor, mapping or thread behind.

    Processes are found wherever they are, also those whose parent is gone.
    """
    mark = uuid.uuid4().hex
    monkeypatch.setenv(_MARK, mark)
    before = _belongings()
    yield
    # What was killed a moment ago may still be on its way out.
    deadline = time.monotonic() + _SECONDS_TO_DIE
    left = []
    for pid, command in _marked_processes(mark).items():
        if not _is_gone(pid, max(0.0, deadline - time.monotonic())):
            left.append(f"process {pid}: {command}")
            os.kill(pid, signal.SIGKILL)
    gc.collect()
    left += sorted(_belongings() - before)
    assert not left, "The test left behind:\n" + "\n".join(left)


@pytest.fixture
def belongings():
    """A function that says what this process holds, as a set of texts."""
    return _belongings


@pytest.fixture
def is_gone():
    """A function that waits until a process has ended, and says whether it did."""
    return _is_gone


@pytest.fixture
def run_script(tmp_path):
    """A function that runs a program in a fresh interpreter, with a hard limit."""

    def run(code: str, *, seconds: float = 30):
        path = tmp_path / "script.py"
        path.write_text(textwrap.dedent(code))
        return subprocess.run(
            [sys.executable, str(path)],
            capture_output=True,
            text=True,
            timeout=seconds,
        )

    return run


@pytest.fixture
def stopwatch():
    """A function that returns the seconds since its first call."""
    started: list[float] = []

    def seconds() -> float:
        started.append(time.monotonic())
        return started[-1] - started[0]

    return seconds


@pytest.fixture(params=_PLACES)
def make_batch(request):
    """A function from constructors to a batch, which is closed after the test."""
    with contextlib.ExitStack() as stack:

        def make(*makes, **options):
            batch = _PLACES[request.param](makes, **options)
            return stack.enter_context(contextlib.closing(batch))

        yield make
