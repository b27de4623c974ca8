import multiprocessing
import operator
import os
import subprocess
import sys
import time

import pytest

from rltools.bench.apart import Outcome, run_apart
from rltools.bench.target import load_constructor


def test_the_result_comes_back():
    outcome = run_apart(divmod, 17, 5, seconds=30)
    assert outcome == Outcome(value=(3, 2))


def test_it_is_another_process_every_time():
    pids = {run_apart(os.getpid, seconds=30).value for _ in range(2)}
    assert len(pids | {os.getpid()}) == 3


def test_nothing_that_was_imported_is_there():
    modules = run_apart(lambda: set(sys.modules), seconds=30).value
    assert "pytest" not in modules


@pytest.mark.parametrize(
    ("function", "arguments", "problem"),
    [
        (operator.truediv, (1, 0), "ZeroDivisionError: division by zero"),
        (sys.exit, ("enough",), "SystemExit: enough"),
        (load_constructor, ("no_such:make",), "can't import 'no_such': there is no "),
        (os._exit, (3,), "its process ended with exit code 3 (no output)"),
        (os.abort, (), "its process ended with exit code -6"),
        (lambda: (_ for _ in ()), (), "exit code 1 (TypeError: cannot pickle 'gen"),
    ],
)
def test_failures_are_one_line(function, arguments, problem):
    outcome = run_apart(function, *arguments, seconds=30)
    assert outcome.value is None
    assert problem in outcome.problem
    assert "\n" not in outcome.problem


def test_what_it_printed_last_explains_its_end():
    def fail():
        print("the simulator\nhas no licence\n", flush=True)
        os._exit(9)

    assert run_apart(fail, seconds=30).problem == (
        "its process ended with exit code 9 (has no licence)"
    )


def test_what_takes_too_long_is_killed():
    started = time.monotonic()
    outcome = run_apart(time.sleep, 60, seconds=0.5)
    assert outcome.problem == "not over within 0.5 s"
    assert time.monotonic() - started < 10


def test_a_process_that_is_left_behind_is_counted_and_killed():
    def leave():
        return subprocess.Popen(["sleep", "600"]).pid

    outcome = run_apart(leave, seconds=30)
    assert outcome.left_behind == 1
    assert not _is_alive(outcome.value)


def test_children_of_multiprocessing_end_with_what_crashes(tmp_path):
    path = tmp_path / "pid"

    def crash():
        context = multiprocessing.get_context("fork")
        child = context.Process(target=time.sleep, args=(600,))
        child.start()
        path.write_text(str(child.pid))
        os.abort()

    assert "exit code -6" in run_apart(crash, seconds=30).problem
    assert not _is_alive(int(path.read_text()))


def test_it_ends_with_the_one_that_waits_for_it(tmp_path, is_gone):
    path = tmp_path / "pid"
    os.mkfifo(path)  # To read it is to wait for the one that writes.
    program = (
        "import os, pathlib, signal; from rltools.bench.apart import run_apart\n"
        "def hang():\n"
        f"    pathlib.Path({str(path)!r}).write_text(str(os.getpid()))\n"
        "    signal.pause()\n"
        "run_apart(hang, seconds=60)\n"
    )
    waiting = subprocess.Popen([sys.executable, "-c", program])
    pid = int(path.read_text())
    waiting.kill()
    waiting.wait()
    assert is_gone(pid, 10)


def _is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False
