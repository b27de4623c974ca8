"""Workers that are copies of a zygote, beside those that are started afresh."""

import contextlib
import os
import random
import resource
import select
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest

from rltools.process import zygote as zygote_module
from rltools.process import zygote_keeper
from rltools.process.clone import Cloner
from rltools.process.launcher import launch as launch_worker
from rltools.process.zygote import Zygote, ZygoteError
from rltools.process.zygote_keeper import ZygoteKeeper
from rltools.wrappers import ExternalProcess

pytestmark = [
    pytest.mark.timeout(60),
    pytest.mark.skipif(sys.platform != "linux", reason="needs Linux"),
]


class Describing(gym.Env):
    """Tells about the process that it is in."""

    observation_space = action_space = gym.spaces.Discrete(2)

    def reset(self, *, seed=None, options=None):
        return 0, {}

    def step(self, action):
        return 0, 0.0, False, False, {}

    def describe(self):
        status = dict(
            line.split(":\t", 1)
            for line in Path("/proc/self/status").read_text().splitlines()
        )
        stat = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
        kept = ("Umask", "SigBlk", "SigIgn", "SigCgt", "Threads", "Cpus_allowed")
        targets = {}
        for each in os.listdir("/proc/self/fd"):
            with contextlib.suppress(FileNotFoundError):  # That of the listing.
                target = os.readlink(f"/proc/self/fd/{each}")
                targets[int(each)] = target.split("[")[0]
        return {
            "status": {name: status[name] for name in kept},
            "is leader": os.getpgrp() == os.getpid(),
            "session": os.getsid(0),
            "parent": int(stat[1]),
            "exit signal": int(stat[35]),
            "environment": dict(os.environ),
            "folder": os.getcwd(),
            "path": sys.path,
            "arguments": sys.argv,
            "flags": str(sys.flags),
            "limits": resource.getrlimit(resource.RLIMIT_NOFILE),
            "nice": os.getpriority(os.PRIO_PROCESS, 0),
            "stdout": (sys.stdout.line_buffering, sys.stdout.seekable()),
            "encodings": (sys.stdout.encoding, sys.stderr.encoding),
            "kinds of files": sorted(targets.values()),
            "main thread": threading.current_thread() is threading.main_thread(),
            "native id": threading.get_native_id() == os.getpid(),
            "name": __name__ in sys.modules,
        }

    def draw(self):
        return random.random(), np.random.random(), self.np_random.random()

    def command(self):
        return Path("/proc/self/cmdline").read_text()

    def abort(self):
        os.abort()


@pytest.fixture
def keeper():
    """One of its own, so that nothing is left to other tests."""
    keeper = ZygoteKeeper()
    # Until the look for what is left, which is to know of the usual one.
    with pytest.MonkeyPatch.context() as patch, contextlib.closing(keeper):
        patch.setattr(zygote_keeper, "keeper", keeper)
        patch.setattr("rltools.process.launcher.keeper", keeper)
        yield keeper


@pytest.fixture
def launch(keeper):
    """Launches an environment and returns it."""
    with contextlib.ExitStack() as stack:

        def launch(make=Describing):
            return stack.enter_context(contextlib.closing(ExternalProcess(make)))

        yield launch


def is_copy(env):
    return "zygote_main" in env.command()


def test_the_second_worker_is_the_first_copy(launch, keeper):
    envs = [launch()]
    assert keeper.zygote is None
    envs += [launch(), launch()]
    assert [is_copy(env) for env in envs] == [False, True, True]
    assert len({env.pid for env in envs} | {keeper.zygote.pid}) == 4


def test_a_copy_is_like_a_fresh_interpreter(launch, monkeypatch, tmp_path):
    """Law: what a worker finds does not depend on how it was started."""
    launch(), launch()
    # All of this has come since the zygote was started.
    monkeypatch.setenv("RLTOOLS_TEST", "new\udcff")
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path / "modules")
    monkeypatch.setattr(sys, "argv", ["program", "argument"])
    copy = launch()
    assert is_copy(copy)
    with monkeypatch.context() as patch:
        patch.setattr(ZygoteKeeper, "spawn", lambda *_: None)
        fresh = launch()
        assert not is_copy(fresh)
    found, expected = copy.describe(), fresh.describe()
    assert expected["parent"] == os.getpid()
    assert expected["environment"]["RLTOOLS_TEST"] == "new\udcff"
    for name, value in expected.items():
        assert found[name] == value, name


def test_output_goes_where_the_output_of_this_process_goes(launch, capfd):
    launch(), launch()

    def shout():
        print("out")
        print("error", file=sys.stderr)
        return Describing()

    env = launch(shout)
    assert is_copy(env)
    env.close()
    assert capfd.readouterr() == ("out\n", "error\n")


def test_no_two_workers_draw_the_same(launch):
    drawn = [launch().draw() for _ in range(4)]
    assert [len(set(numbers)) for numbers in zip(*drawn, strict=True)] == [4, 4, 4]


def test_modules_that_have_come_since_are_found(launch, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    launch(), launch()
    (tmp_path / "come_since.py").write_text("NUMBER = 7")

    def make():
        import come_since

        env = Describing()
        env.number = come_since.NUMBER
        return env

    env = launch(make)
    assert is_copy(env)
    assert env.number == 7


@pytest.mark.parametrize(
    "change",
    [
        lambda patch: patch.setenv("PYTHONHASHSEED", "3"),
        lambda patch: patch.setenv("OMP_NUM_THREADS", "2"),
        lambda patch: patch.setenv("LC_ALL", "C"),
        "umask",
        "limit",
        "cores",
        "signal",
    ],
)
def test_what_a_copy_would_not_follow_starts_another_zygote(
    launch, keeper, monkeypatch, change
):
    launch(), launch()
    first = keeper.zygote.pid
    with contextlib.ExitStack() as undo:
        _change(change, monkeypatch, undo)
        afresh, again = launch(), launch()
        assert keeper.zygote.pid != first
        copy = launch()
        assert [is_copy(env) for env in (afresh, again, copy)] == [False, True, True]
        assert afresh.describe() == copy.describe() == again.describe()


def _change(change, monkeypatch, undo):
    if callable(change):
        change(monkeypatch)
    elif change == "umask":
        undo.callback(os.umask, os.umask(0o027))
    elif change == "limit":
        limits = resource.getrlimit(resource.RLIMIT_NOFILE)
        undo.callback(resource.setrlimit, resource.RLIMIT_NOFILE, limits)
        resource.setrlimit(resource.RLIMIT_NOFILE, (limits[0] - 1, limits[1]))
    elif change == "cores":
        cores = os.sched_getaffinity(0)
        undo.callback(os.sched_setaffinity, 0, cores)
        os.sched_setaffinity(0, {min(cores)})
    else:
        before = signal.signal(signal.SIGUSR2, signal.SIG_IGN)
        undo.callback(signal.signal, signal.SIGUSR2, before)


def test_abort_of_a_copy_is_told_as_what_it_is(launch):
    envs = [launch(), launch()]
    assert is_copy(envs[1])
    for env in envs:
        with pytest.raises(Exception, match="SIGABRT"):
            env.abort()


@pytest.mark.parametrize("harm", [signal.SIGKILL, signal.SIGSTOP])
def test_a_zygote_that_fails_is_done_without(launch, keeper, monkeypatch, harm):
    envs = [launch(), launch()]
    os.kill(keeper.zygote.pid, harm)
    monkeypatch.setattr(zygote_module, "_SECONDS_TO_ANSWER", 0.3)
    keeper.zygote._socket.settimeout(0.3)
    envs.append(launch())
    assert keeper.zygote is None
    monkeypatch.setattr(zygote_module, "_SECONDS_TO_ANSWER", 30.0)
    envs.append(launch())
    assert [is_copy(env) for env in envs] == [False, True, False, True]


def test_where_there_can_be_none_it_is_not_tried_for_ever(launch, keeper, monkeypatch):
    monkeypatch.setattr(zygote_module, "_BOOT", "raise SystemExit({path} and {socket})")
    tries = []
    start = Zygote.start
    monkeypatch.setattr(Zygote, "start", lambda *args: tries.append(1) or start(*args))
    assert not any(is_copy(launch()) for _ in range(8))
    assert len(tries) == 3


def test_other_threads_and_handlers_do_not_wait_for_a_start(launch, keeper):
    launch(), launch()
    with keeper._lock:
        assert not is_copy(launch())
    assert is_copy(launch())


def test_many_variables_are_no_obstacle(launch, monkeypatch):
    launch(), launch()
    monkeypatch.setenv("RLTOOLS_TEST", "x" * 130_000)
    env = launch()
    assert not is_copy(env)
    assert env.describe()["environment"]["RLTOOLS_TEST"] == "x" * 130_000


def test_workers_outlive_the_zygote(launch, keeper, is_gone):
    launch()
    env = launch()
    pid = keeper.zygote.pid
    keeper.close()
    keeper.close()
    assert is_gone(pid, 0)
    assert is_copy(env)


def test_a_worker_that_nobody_has_heard_of_is_ended_with_the_zygote(is_gone):
    """Ctrl-C may come between the order and the answer."""
    zygote = Zygote()
    zygote.start(dict(os.environ, OPENBLAS_NUM_THREADS="1"), sys.path)
    with contextlib.ExitStack() as stack:
        read_end, write_end = os.pipe()
        folder = os.open(".", os.O_RDONLY)
        for each in (read_end, write_end, folder):
            stack.callback(os.close, each)
        before = _children_of_this_process()
        heard = []

        def interrupted(number):
            assert select.select([zygote._socket], [], [], 20)[0]
            heard.append(_children_of_this_process() - before)
            raise KeyboardInterrupt

        zygote._receive = interrupted
        with pytest.raises(KeyboardInterrupt):
            zygote.spawn({}, sys.path, (read_end, read_end, folder, 1, 2))
        assert zygote.pid == zygote.fileno() == -1
        [[pid]] = heard
        assert is_gone(pid, 0)


def _children_of_this_process():
    tasks = Path(f"/proc/self/task/{threading.get_native_id()}/children").read_text()
    return {int(pid) for pid in tasks.split()}


def test_interrupt_while_it_starts_leaves_nothing(monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    before = _children_of_this_process()
    monkeypatch.setattr("socket.socket.recv", interrupted)
    with pytest.raises(KeyboardInterrupt):
        Zygote().start(dict(os.environ), sys.path)
    assert _children_of_this_process() == before


def test_a_forked_process_leaves_the_zygote_alone(launch, keeper):
    launch(), launch()
    child = os.fork()
    if not child:
        try:
            keeper.abandon()  # As the one that is registered does.
            keeper.close()
            os._exit(0 if keeper.zygote is None else 1)
        finally:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert is_copy(launch())


SCRIPT = """
import os, signal, subprocess, sys
import gymnasium as gym
from rltools.process.zygote_keeper import keeper
from rltools.wrappers import ExternalProcess

envs = [ExternalProcess(lambda: gym.make("CartPole-v1")) for _ in range(3)]
for env in envs:
    env.reset()
pids = [keeper.zygote.pid, *(env.pid for env in envs)]
"""

# A process that was forked keeps nothing alive, though it has copies of all ends.
FORK = """
pid = os.fork()
if pid:
    print(pid)
else:
    os.close(1), os.close(2)
    signal.pause()
"""


@pytest.mark.parametrize(
    "end",
    [
        "",
        "os.kill(os.getpid(), signal.SIGKILL)",
        "os.kill(pids[0], signal.SIGKILL)",
        "os._exit(0)",
        FORK,
    ],
)
def test_nothing_outlives_the_program(run_script, is_gone, end):
    result = run_script(f"{SCRIPT}\nprint(*pids, flush=True)\n{end}")
    pids, *forked = result.stdout.splitlines()
    assert len(pids.split()) == 4
    assert all(is_gone(int(pid), 5) for pid in pids.split())
    assert result.stderr == ""
    for pid in forked:
        os.kill(int(pid), signal.SIGKILL)


def test_it_waits_without_work(launch, keeper):
    launch(), launch()
    stat = Path(f"/proc/{keeper.zygote.pid}/stat")
    before = stat.read_text().rpartition(")")[2].split()[11:13]
    time.sleep(0.1)
    assert stat.read_text().rpartition(")")[2].split()[11:13] == before


def test_a_process_with_threads_is_not_copied():
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait)
    thread.start()
    try:
        with pytest.raises(OSError, match="threads"):
            Cloner().clone()
    finally:
        stop.set()
        thread.join()


CLONING = """
import os, sys
from rltools.process.clone import Cloner
pid = Cloner().clone()
if pid == 0:
    os.write(1, b"copy %d\\n" % os.getppid())
else:
    os.write(1, b"zygote %d\\n" % pid)
"""


def test_a_copy_is_a_sibling():
    process = subprocess.run(
        [sys.executable, "-c", CLONING],
        capture_output=True,
        text=True,
        timeout=30,
        env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},
    )
    assert process.stderr == ""
    words = dict(line.split(" ", 1) for line in process.stdout.splitlines())
    pid = int(words["zygote"])
    assert words["copy"] == str(os.getpid())
    assert os.waitpid(pid, 0) == (pid, 0)


def test_errors_tell_what_failed(monkeypatch):
    monkeypatch.setattr(zygote_module, "_BOOT", "{path} and {socket}")
    with pytest.raises(ZygoteError, match="it has ended"):
        Zygote().start(dict(os.environ), sys.path)
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(ZygoteError, match="FileNotFoundError"):
        Zygote().start(dict(os.environ), sys.path)


def test_a_worker_that_came_from_it_can_be_waited_for(launch, is_gone):
    process, frames = launch_worker()
    process.end()
    frames.close()
    process, frames = launch_worker()
    assert not process.wait(0.0)
    os.kill(process.pid, signal.SIGTERM)
    assert process.wait(10.0)
    process.end()
    assert process.exit_code == -signal.SIGTERM
    frames.close()


# What was written here was found by attacking it.

TURNS_AGAINST_ITSELF = """
import os, signal, sys
sys.path[:] = {{path!r}}
from rltools.process import clone
original = clone.Cloner.clone

def clone_and_fail(cloner):
    pid = original(cloner)
    if pid:
        os.kill(os.getpid(), signal.{harm})
    return pid

clone.Cloner.clone = clone_and_fail
from rltools.process.zygote_main import main
main({{socket}})
"""


@pytest.mark.parametrize("harm", ["SIGKILL", "SIGSTOP"])
def test_no_two_processes_serve_one_environment(launch, keeper, monkeypatch, harm):
    """The zygote fails after it was copied, and before it could tell of that."""
    boot = TURNS_AGAINST_ITSELF.format(harm=harm)
    monkeypatch.setattr(zygote_module, "_BOOT", boot)
    if harm == "SIGSTOP":
        monkeypatch.setattr(zygote_module, "_SECONDS_TO_ANSWER", 5.0)
    before = _children_of_this_process()
    envs = [launch(), launch()]
    assert not is_copy(envs[1])
    assert keeper.zygote is None
    assert _children_of_this_process() - before == {env.pid for env in envs}


def test_launches_go_on_after_an_interrupt(launch, monkeypatch):
    launch(), launch()
    before = _children_of_this_process()
    receive = Zygote._receive

    def interrupted(zygote, number):
        monkeypatch.setattr(Zygote, "_receive", receive)
        raise KeyboardInterrupt

    monkeypatch.setattr(Zygote, "_receive", interrupted)
    with pytest.raises(KeyboardInterrupt):
        launch()
    assert _children_of_this_process() < before
    assert is_copy(launch())


def test_close_does_not_wait_for_a_lock_that_nobody_gives_back(launch, keeper, is_gone):
    launch(), launch()
    pid = keeper.zygote.pid
    keeper._lock.acquire()
    keeper.close()
    assert is_gone(pid, 0)


def test_a_worker_that_nobody_looks_after_is_ended(launch, is_gone):
    launch(), launch()
    process, frames = launch_worker()
    pid = process.pid
    frames.close()
    process._close_descriptors()
    del process
    assert is_gone(pid, 0)


WAITED_FOR = """
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
for env in envs:
    env.close()
print(*pids)
"""


def test_others_may_wait_for_workers(run_script, is_gone):
    result = run_script(SCRIPT + WAITED_FOR)
    assert result.stderr == ""
    assert result.returncode == 0
    assert all(is_gone(int(pid), 5) for pid in result.stdout.split())


CLOSED = """
class Talking(gym.Env):
    observation_space = action_space = gym.spaces.Discrete(2)

    def reset(self, *, seed=None, options=None):
        print("more than a header of a message, and to nobody", flush=True)
        return 0, {}

envs = [ExternalProcess(Talking) for _ in range(4)]
seen = [env.reset() for _ in range(5) for env in envs]
for env in envs:
    env.close()
with open("seen", "w") as file:
    file.write(str(len(seen)))
"""


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_outputs_may_be_closed(tmp_path, closed):
    (tmp_path / "script.py").write_text(SCRIPT + CLOSED)
    subprocess.run(
        ["sh", "-c", f"exec {sys.executable} script.py {closed}"],
        cwd=tmp_path,
        timeout=30,
        check=True,
    )
    assert (tmp_path / "seen").read_text() == "20"


MANY_FILES = """
import resource
resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
kept = [os.open(os.devnull, os.O_RDONLY) for _ in range(1100)]
"""


def test_there_may_be_many_open_files(run_script):
    script = SCRIPT.replace("envs =", MANY_FILES + "envs =")
    result = run_script(f"{script}\nprint(len(pids))")
    assert (result.stdout, result.stderr) == ("4\n", "")
