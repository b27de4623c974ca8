"""What workers take from the machine, and that all of it is given back.

With `RLTOOLS_SOAK` in the environment, as `make soak` sets it, the figures are those of
a long life; without it, of one that fits in between two edits.
"""

import contextlib
import multiprocessing
import operator
import os
import shutil
import signal
import subprocess
import sys
import threading

import cloudpickle
import gymnasium as gym
import numpy as np
import pytest

from rltools.batch_env import BatchEnv
from rltools.wrappers import ExternalProcess

cloudpickle.register_pickle_by_value(sys.modules[__name__])
pytestmark = pytest.mark.timeout(120)

LONG = "RLTOOLS_SOAK" in os.environ


class Env(gym.Env):
    """Counts its steps."""

    observation_space = gym.spaces.Box(-np.inf, np.inf, (1,), np.float32)
    action_space = gym.spaces.Discrete(2)

    def __init__(self):
        self.steps = 0

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return np.zeros(1, np.float32), {}

    def step(self, action):
        self.steps += 1
        return np.full(1, self.steps, np.float32), float(self.steps), False, False, {}


# 17. The environment uses processes of its own.


@pytest.mark.parametrize("method", ["fork", "forkserver", "spawn"])
def test_fault_17_environment_uses_multiprocessing(external_process, is_gone, method):
    class Parallel(Env):
        def __init__(self):
            super().__init__()
            context = multiprocessing.get_context(method)
            self.pool = context.Pool(2)
            self.queue = context.Queue()

        def step(self, action):
            self.queue.put(action)
            total = sum(self.pool.map(operator.neg, range(5))) + self.queue.get()
            return np.zeros(1, np.float32), float(total), False, False, {}

        def get_pids(self):
            return [process.pid for process in multiprocessing.active_children()]

    env = external_process(Parallel)
    env.reset()
    assert env.step(1)[1] == -9
    pids = env.get_pids()
    assert len(pids) >= 2
    env.close()
    assert all(is_gone(pid, 2) for pid in pids)


@pytest.mark.parametrize("end", ["close", "kill"])
def test_fault_17_environment_has_workers_of_its_own(external_process, is_gone, end):
    class Outer(Env):
        def __init__(self):
            super().__init__()
            self.inner = ExternalProcess(Env)

        def step(self, action):
            self.inner.reset()
            return self.inner.step(action)

        def get_inner_pid(self):
            return self.inner.pid

    env = external_process(Outer)
    env.reset()
    assert env.step(0)[1] == 1
    inner = env.get_inner_pid()
    if end == "kill":
        os.kill(env.pid, signal.SIGKILL)
    env.close()
    assert is_gone(inner, 2)


# 23. Many are started and closed.


# Two hundred interpreters that import everything take minutes on a busy machine.
@pytest.mark.timeout(900 if LONG else 120)
def test_fault_23_two_hundred_lives_leave_nothing(belongings, is_gone):
    def use(env):
        env.reset()
        env.step(0)

    def kill(env):
        os.kill(env.pid, signal.SIGKILL)

    def leave(env):
        env.reset()
        env.call("render_mode")

    figures = []
    for life in range(200):
        env = ExternalProcess(Env)
        # Only an interpreter that lives to import things takes time.
        is_full = LONG or life % 20 < 2
        (use, leave)[life % 2](env) if is_full else kill(env)
        pid = env.pid
        env.close()
        assert is_gone(pid, 0)
        del env
        if life % 50 == 9:
            figures.append((belongings(), _count_mappings()))
    held, mappings = zip(*figures, strict=True)
    assert held[1:] == held[:-1]
    # The allocator's own number moves a little.
    assert max(mappings) - mappings[0] < 10


def _count_mappings():
    with open("/proc/self/maps") as lines:
        return sum(1 for _ in lines)


def test_fault_23_batches_that_fail_leave_nothing(belongings):
    def refuse():
        raise OSError("no display")

    before = belongings()
    for _ in range(3):
        with pytest.raises(Exception, match="no display"):
            BatchEnv([ExternalProcess(make) for make in (Env, refuse)])
    assert belongings() == before


# 24. Everything is killed; there is no room in shared memory.

SCRIPT = """
import os, subprocess, sys, threading
import gymnasium as gym
import numpy as np
from rltools import BatchEnv
from rltools.wrappers import ExternalProcess

class Env(gym.Env):
    observation_space = gym.spaces.Box(-1, 1, (100_000,), np.float64)
    action_space = gym.spaces.Discrete(2)

    def reset(self, seed=None, options=None):
        self.simulator_pid = subprocess.Popen(["sleep", "1000"]).pid
        return np.zeros(100_000), {}

    def step(self, action):
        return np.full(100_000, 0.5), 1.0, False, False, {}

batch = BatchEnv([ExternalProcess(Env) for _ in range(3)])
batch.reset()
promise = batch.step(np.zeros(3, np.int64), blocking=False)
"""


@pytest.mark.parametrize("first", ["parent", "workers"])
def test_fault_24_nothing_is_left_when_everything_is_killed(tmp_path, is_gone, first):
    # The fixture of all tests here finds what is left, by its environment variables.
    path = tmp_path / "script.py"
    path.write_text(
        f"{SCRIPT}\n"
        "print(*[env.pid for env in batch.envs], flush=True)\n"
        "threading.Event().wait()\n"
    )
    with subprocess.Popen(
        [sys.executable, str(path)], stdout=subprocess.PIPE, text=True
    ) as process:
        groups = [int(pid) for pid in process.stdout.readline().split()]
        kills = [lambda: os.kill(process.pid, signal.SIGKILL)]
        kills += [lambda pid=pid: os.killpg(pid, signal.SIGKILL) for pid in groups]
        for kill in kills if first == "parent" else reversed(kills):
            # The kernel has done it already where the parent went first.
            with contextlib.suppress(ProcessLookupError):
                kill()
    assert all(is_gone(pid, 2) for pid in groups)


def _in_small_shared_memory():
    """The start of a command line that gives a program 64 KiB of /dev/shm."""
    mount = 'mount -t tmpfs -o size=64k tmpfs /dev/shm && exec "$@"'
    command = ["unshare", "--map-root-user", "--mount", "sh", "-c", mount, "sh"]
    if shutil.which("unshare") and not subprocess.run([*command, "true"]).returncode:
        return command
    return pytest.skip("may not mount a file system of its own here")


def test_fault_24_hardly_any_shared_memory(tmp_path):
    path = tmp_path / "script.py"
    path.write_text(f"""{SCRIPT}
promise()
observ, reward, *_ = batch.step(np.zeros(3, np.int64))
print(observ.mean(), reward.sum(), os.statvfs("/dev/shm").f_blocks)
batch.close()
print(os.listdir("/dev/shm"))
""")
    result = subprocess.run(
        [*_in_small_shared_memory(), sys.executable, str(path)],
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert (result.stdout, result.stderr) == ("0.5 3.0 16\n[]\n", "")


# 34. The parent has other things to do for a long time.


def test_fault_34_an_idle_parent_loses_nothing(external_process):
    batch = BatchEnv([external_process(Env, timeout=0.4) for _ in range(2)])
    batch.reset()
    promise = batch.step(np.zeros(2, np.int64), blocking=False)
    threading.Event().wait(0.8)  # The fault itself: twice the limit.
    assert promise()[1].tolist() == [1, 1]
    assert batch.step(np.zeros(2, np.int64))[1].tolist() == [2, 2]


# 35. Huge results, many workers.


def _free_gigabytes():
    with open("/proc/meminfo") as lines:
        [line] = [line for line in lines if line.startswith("MemAvailable")]
    return int(line.split()[1]) / 2**20


@pytest.mark.skipif(not LONG, reason="half a minute: make soak")
def test_fault_35_result_of_three_gigabytes(external_process):
    if _free_gigabytes() < 12:
        pytest.skip("the copies on both sides take 10 GB")
    _check_large_result(external_process, 3 * 2**30)


def test_fault_35_large_result(external_process):
    _check_large_result(external_process, 300_000_000)


def _check_large_result(external_process, size):
    class Large(Env):
        def get_map(self):
            # Pages that nobody has written to take no memory.
            data = np.zeros(size, np.uint8)
            data[[0, -1]] = 3, 7
            return data

    env = external_process(Large)
    env.reset()
    data = env.get_map()
    assert data.shape == (size,)
    assert data[[0, 1, -2, -1]].tolist() == [3, 0, 0, 7]
    assert env.step(0)[1] == 1


@pytest.mark.timeout(300)
def test_fault_35_many_workers(is_gone):
    count = 100 if LONG else 10
    batch = BatchEnv([ExternalProcess(Env) for _ in range(count)])
    with contextlib.closing(batch):
        batch.reset()
        for step in (1, 2):
            rewards = batch.step(np.zeros(count, np.int64))[1]
            assert rewards.tolist() == [step] * count
        pids = [env.pid for env in batch.envs]
        assert len(set(pids)) == count
    assert all(is_gone(pid, 0) for pid in pids)


# 36. Threads for linear algebra.


class Computes(Env):
    """Says how many threads its process has after it has computed."""

    def count_threads(self):
        matrix = np.ones((700, 700))
        assert (matrix @ matrix)[0, 0] == 700
        return len(os.listdir("/proc/self/task"))

    def read_variables(self):
        names = "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"
        return [os.environ.get(name) for name in names]


def test_fault_36_a_worker_computes_in_one_thread(external_process, monkeypatch):
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    env = external_process(Computes)
    assert env.count_threads() == 1
    assert env.read_variables() == ["1"] * 3


def test_fault_36_or_in_as_many_as_the_program_asks_for(external_process, monkeypatch):
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "2")
    env = external_process(Computes)
    assert env.read_variables()[1] == "2"


# 37. No environment that nobody asked for.


def test_fault_37_constructor_is_called_once_for_each_and_never_here(tmp_path):
    calls = tmp_path / "calls"

    def make():
        with open(calls, "a") as file:
            file.write(f"{os.getpid()}\n")
        return Env()

    batch = BatchEnv([ExternalProcess(make) for _ in range(3)])
    with contextlib.closing(batch):
        batch.reset()
        batch.step(np.zeros(3, np.int64))
        pids = [str(env.pid) for env in batch.envs]
    assert sorted(calls.read_text().split()) == sorted(pids)
    assert str(os.getpid()) not in pids
