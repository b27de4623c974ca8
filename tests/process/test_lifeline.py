"""A process group is gone as soon as nobody holds the other end of its lifeline."""

import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.timeout(30)

TIED = """
import ctypes, os, sys
from rltools.process import lifeline
lifeline.{arm}(int(sys.argv[1]))
{work}
"""


@pytest.fixture
def start_tied():
    processes, descriptors = [], []

    def start(arm, work):
        read_end, write_end = os.pipe()
        process = subprocess.Popen(
            [sys.executable, "-c", TIED.format(arm=arm, work=work), str(read_end)],
            stdout=subprocess.PIPE,
            text=True,
            pass_fds=[read_end],
            process_group=0,
        )
        os.close(read_end)
        processes.append(process)
        descriptors.append(write_end)
        return process, write_end

    yield start
    for process in processes:
        process.kill()
        process.wait()
        process.stdout.close()


PAUSE = "print('armed', flush=True); ctypes.{library}(None).pause()"
FORK = "if os.fork() == 0: ctypes.CDLL(None).pause()\n"


@pytest.mark.parametrize(
    ("arm", "work"),
    [
        ("arm", PAUSE.format(library="PyDLL")),  # It holds the GIL.
        ("arm", FORK + PAUSE.format(library="CDLL")),
        ("watch_in_thread", PAUSE.format(library="CDLL")),
        ("watch_in_thread", FORK + PAUSE.format(library="CDLL")),
    ],
)
def test_hang_up_ends_the_group_whatever_it_does(start_tied, arm, work):
    process, write_end = start_tied(arm, work)
    assert process.stdout.readline() == "armed\n"
    assert process.poll() is None
    os.close(write_end)
    assert process.wait(2) == -9
    assert process.stdout.read() == "", "No process of the group holds the pipe."


def test_parent_that_was_gone_before_is_noticed(start_tied):
    read_end, write_end = os.pipe()
    os.close(write_end)
    process = subprocess.run(
        [sys.executable, "-c", TIED.format(arm="arm", work="input()"), str(read_end)],
        pass_fds=[read_end],
        process_group=0,
        timeout=10,
        stdin=subprocess.DEVNULL,
    )
    os.close(read_end)
    assert process.returncode == -9
