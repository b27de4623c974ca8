"""What the tests of processes share."""

import os
import select
import subprocess
import sys
import textwrap
import time

import pytest


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
