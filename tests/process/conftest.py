"""What the tests of processes share; above all, that nothing outlives any of them."""

import contextlib
import gc
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
import uuid
from functools import partial
from pathlib import Path

import cloudpickle
import gymnasium as gym
import numpy as np
import pytest

from rltools.batch_env import BatchEnv
from rltools.leaks.kept import find_helpers
from rltools.wrappers import ExternalProcess

# What is defined here can be sent to workers, which can't import it.
cloudpickle.register_pickle_by_value(sys.modules[__name__])

# Inherited by all that a test starts, also by what its parent has abandoned.
_MARK = "RLTOOLS_STARTED_BY_TEST"
_SECONDS_TO_DIE = 5
_RAISED = pytest.StashKey[bool]()

# Where the environments of a batch can be: functions of their constructors.
_PLACES = {
    "here": lambda makes, **options: BatchEnv([make() for make in makes], **options),
    "processes": lambda makes, **options: BatchEnv(
        [ExternalProcess(make) for make in makes], **options
    ),
    "launched here": partial(BatchEnv.launch, workers=0),
    "one worker": partial(BatchEnv.launch, workers=1),
    "two workers": lambda makes, **options: BatchEnv.launch(
        makes, workers=min(2, len(makes)), **options
    ),
    "some here": lambda makes, **options: BatchEnv(
        [make() if i else ExternalProcess(make) for i, make in enumerate(makes)],
        **options,
    ),
}


def _descriptors() -> set[str]:
    found = set()
    kept = find_helpers().descriptors
    for entry in os.listdir("/proc/self/fd"):
        if int(entry) in kept:
            continue
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
    kept = find_helpers().pids
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            name, _, fields = stat.read_text().rpartition(")")
        except (FileNotFoundError, ProcessLookupError):
            continue
        state, parent = fields.split()[:2]
        if int(parent) == os.getpid() and int(stat.parent.name) not in kept:
            # Whether it runs or sleeps just now is all the same.
            found.add(f"child {name}){' not waited for' if state == 'Z' else ''}")
    return found


def _abandoned_files() -> set[str]:
    """Files in shared memory that no process uses; it may be others' who do."""
    files = {}
    for path in Path("/dev/shm").iterdir():
        with contextlib.suppress(FileNotFoundError):
            # A semaphore is mapped under another name, but as the same file.
            files[str(path)] = f" {path.stat().st_ino} "
    for maps in Path("/proc").glob("[0-9]*/maps") if files else ():
        with contextlib.suppress(OSError):  # It has ended, or is somebody else's.
            lines = maps.read_text(errors="replace").splitlines()
            used = "\n".join(line for line in lines if "/dev/shm/" in line)
            files = {path: inode for path, inode in files.items() if inode not in used}
    return {path for path in files if os.path.exists(path)}


def _belongings() -> set[str]:
    """What this process holds and must give back, in words."""
    names = {f"thread {thread.name}" for thread in threading.enumerate()}
    held = _descriptors() | _shared_mappings() | _children()
    return held | names | _abandoned_files()


def _marked_processes(mark: str) -> dict[int, str]:
    """Command lines, by process id, of all running processes with a mark."""
    found = {}
    kept = find_helpers().pids
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if f"{_MARK}={mark}\0".encode() in (folder / "environ").read_bytes():
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ")
                if int(folder.name) not in kept:
                    found[int(folder.name)] = command.decode(errors="replace")
        except (OSError, ValueError):
            continue  # It has ended meanwhile, or belongs to somebody else.
    return found


def _left_in_this_process(before: set[str], caplog) -> list[str]:
    # The log that pytest keeps holds errors, and with them all that they refer to.
    caplog.get_records("call").clear()
    if _belongings() <= before:
        return []
    gc.collect()  # It takes a while, and there is nothing to be collected otherwise.
    return sorted(_belongings() - before)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    if call.when == "call":
        item.stash[_RAISED] = call.excinfo is not None
    return (yield)


@pytest.fixture(autouse=True)
def nothing_left(request, monkeypatch, caplog, is_gone):
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
        if not is_gone(pid, max(0.0, deadline - time.monotonic())):
            left.append(f"process {pid}: {command}")
            os.kill(pid, signal.SIGKILL)
    # The frames of a test that failed are kept, with all that they refer to.
    if not request.node.stash.get(_RAISED, True):
        left += _left_in_this_process(before, caplog)
    assert not left, "The test left behind:\n" + "\n".join(left)


@pytest.fixture
def impatient(monkeypatch):
    """Workers that hang are killed sooner, for there are many of them here."""
    monkeypatch.setattr("rltools.process.worker_env._SECONDS_TO_CLOSE", 0.5)


@pytest.fixture(autouse=True)
def _heeds_ctrl_c():
    """Also where the tests were started in the background of a shell."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def belongings():
    """A function that says what this process holds, as a set of texts."""
    return _belongings


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
def interrupt():
    """A function that runs a command and presses Ctrl-C when it says it is ready.

    It returns standard output after that, standard error, and the exit code.
    """

    def interrupt(*command, ready="ready\n", answer=None):
        process = subprocess.Popen(
            [sys.executable, *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            process_group=0,
            # A shell starts what runs in the background with the signal ignored.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        try:
            assert process.stdout.readline() == ready
            # The terminal sends it to all processes of the group.
            os.killpg(process.pid, signal.SIGINT)
            out, err = process.communicate(answer, timeout=20)
        finally:
            process.kill()
            process.wait()
        return out, err, process.returncode

    return interrupt


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


class FaultyEnv(gym.Env):
    """Observes (number, steps, process id); an action of 1 does `harm`.

    A reset does it if its option "harm" is the number, and so does a call of `do_harm`.
    """

    observation_space = gym.spaces.Box(-np.inf, np.inf, (3,), np.float64)
    action_space = gym.spaces.Discrete(2)

    def __init__(self, number=0, harm=None):
        self.number = number
        self.harm = harm
        self.steps = 0

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        if options:
            self.do_harm(options["harm"])
        self.steps = 0
        return self._observe(), {}

    def step(self, action):
        if action == 1:
            self.harm()
        self.steps += 1
        return self._observe(), 1.0, False, False, {}

    def do_harm(self, number):
        if number == self.number:
            self.harm()

    def _observe(self):
        return np.array([self.number, self.steps, os.getpid()], np.float64)


@pytest.fixture
def faulty_env():
    """The class of environments that `launch` makes."""
    return FaultyEnv


@pytest.fixture
def launch():
    """A function that launches faulty environments, four in two workers.

    Worker 0 has the environments 0 and 1 of the batch, worker 1 has 2 and 3.
    """
    with contextlib.ExitStack() as stack:

        def launch(harm=None, *, env=FaultyEnv, count=4, workers=2, **options):
            makes = [lambda number=i: env(number, harm) for i in range(count)]
            batch = BatchEnv.launch(makes, workers=workers, **options)
            return stack.enter_context(contextlib.closing(batch))

        yield launch
