"""What workers of `BatchEnv.launch` take from the machine and from their parent."""

import contextlib
import errno
import gc
import logging
import os
import signal
import subprocess
import sys
import threading

import cloudpickle
import numpy as np
import pytest
from gymnasium import spaces

from rltools.batch_env import BatchEnv
from rltools.errors import RemoteError, WorkerDiedError

cloudpickle.register_pickle_by_value(sys.modules[__name__])
pytestmark = pytest.mark.timeout(60)

SCRIPT = """
import ctypes, multiprocessing, os, signal, subprocess, sys, threading, time
import gymnasium as gym
import numpy as np
from rltools import BatchEnv

class Env(gym.Env):
    observation_space = gym.spaces.Box(-1, 1, (50_000,), np.float64)
    action_space = gym.spaces.Discrete(2)

    def reset(self, seed=None, options=None):
        self.simulator = subprocess.Popen(["sleep", "1000"])
        return np.zeros(50_000), {}

    def step(self, action):
        if action == 1:
            ctypes.PyDLL(None).pause()
        return np.full(50_000, 0.5), 1.0, False, False, {}

    def get_simulator_pid(self):
        return self.simulator.pid
"""
LAUNCH = """
batch = BatchEnv.launch(lambda: Env(), 4, workers=2, restarts=1)
batch.reset()
"""


# 14. The parent is killed, whatever it and the workers are doing.


@pytest.mark.parametrize("action", [0, 1])
def test_fault_14_workers_do_not_outlive_a_killed_parent(tmp_path, is_gone, action):
    path = tmp_path / "script.py"
    path.write_text(f"""{SCRIPT}{LAUNCH}
pids = *batch.worker_pids, *batch.call("get_simulator_pid")
promise = batch.step(np.array([0, 0, 0, {action}]), blocking=False)
print(*pids, flush=True)
threading.Event().wait()
""")
    with subprocess.Popen(
        [sys.executable, str(path)], stdout=subprocess.PIPE, text=True
    ) as process:
        pids = [int(pid) for pid in process.stdout.readline().split()]
        process.kill()
    assert len(pids) == 6
    assert all(is_gone(pid, 2) for pid in pids)


# 16. What environments started ends with their worker, also when that is replaced.


def test_fault_16_processes_of_environments_end_when_a_worker_is_replaced(
    run_script, is_gone
):
    result = run_script(f"""{SCRIPT}{LAUNCH}
pids = batch.call("get_simulator_pid")
os.kill(batch.worker_pids[1], signal.SIGKILL)
batch.step(np.zeros(4, np.int64))
batch.reset(indices=[2, 3])
print(*pids, *batch.call("get_simulator_pid"), flush=True)
sys.stdin.close()
batch[0].call("get_simulator_pid")()
os.kill(pids[0], 0)
batch.close()
""")
    pids = [int(pid) for pid in result.stdout.split()]
    assert pids[:2] == pids[4:6], "Those of the other worker are untouched."
    assert not set(pids[2:4]) & set(pids[6:])
    assert all(is_gone(pid, 2) for pid in pids)
    assert result.returncode == 0, result.stderr


# 19 and 20. No guard; what __main__ defines; parents of every start method.


@pytest.mark.parametrize("start_method", [None, "fork", "forkserver", "spawn"])
def test_fault_20_launch_from_a_process_of_any_start_method(run_script, start_method):
    guarded = f"""
def main():
    class Local(Env):
        pass

    batch = BatchEnv.launch([Env, Local, lambda: Env()], workers=2)
    batch.reset()
    print(batch.step(np.zeros(3, np.int64))[0].mean())
    batch.close()

if __name__ == "__main__":
    process = multiprocessing.get_context({start_method!r}).Process(target=main)
    process.start()
    process.join()
"""
    plain = """
print("once")
batch = BatchEnv.launch([Env, lambda: Env(), Env], workers=2)
batch.reset()
print(batch.step(np.zeros(3, np.int64))[0].mean())
"""
    result = run_script(SCRIPT + (guarded if start_method else plain))
    expected = "0.5\n" if start_method else "once\n0.5\n"
    assert (result.stdout, result.stderr) == (expected, "")


# 21. Ctrl-C reaches the whole terminal's process group.


def test_fault_21_workers_do_not_hear_of_an_interrupt(tmp_path, interrupt):
    path = tmp_path / "script.py"
    path.write_text(f"""{SCRIPT}{LAUNCH}
try:
    print("ready", flush=True)
    threading.Event().wait()
except KeyboardInterrupt:
    print("interrupted", batch.step(np.zeros(4, np.int64))[0].mean())
batch.close()
""")
    assert interrupt(str(path)) == ("interrupted 0.5\n", "", 0)


# 22. The interpreter exits without close().


@pytest.mark.parametrize("action", [0, 1])
def test_fault_22_exit_without_close_is_quick_and_quiet(run_script, is_gone, action):
    import time

    result = run_script(f"""{SCRIPT}{LAUNCH}
promise = batch.step(np.array([0, 0, 0, {action}]), blocking=False)
print(time.time(), *batch.worker_pids)
""")
    exited_at, *pids = result.stdout.split()
    assert time.time() - float(exited_at) < 3
    assert result.stderr == ""
    assert all(is_gone(int(pid), 0) for pid in pids)


# 23. Many batches, many lives.


def test_fault_23_batches_and_restarts_leave_nothing(
    belongings, faulty_env, is_gone, monkeypatch
):
    # The log that pytest keeps holds errors, and with them all that they refer to.
    logger = logging.getLogger("rltools.process.supervisor")
    monkeypatch.setattr(logger, "disabled", True)
    figures = []
    for _ in range(3):
        batch = BatchEnv.launch(faulty_env, 4, workers=2, restarts=2)
        with contextlib.closing(batch):
            batch.reset()
            for _ in range(2):
                pid = batch.worker_pids[0]
                os.kill(pid, signal.SIGKILL)
                batch.step(np.zeros(4, np.int64))
                assert is_gone(pid, 0)
                batch.reset(indices=[0, 1])
        del batch
        gc.collect()
        figures.append(belongings())
    assert figures[0] == figures[1] == figures[2]


def test_fault_23_a_closed_batch_that_is_kept_holds_nothing(belongings, faulty_env):
    gc.collect()
    before = belongings()
    batch = BatchEnv.launch(faulty_env, 4, workers=2)
    observ, _ = batch.reset()
    assert not belongings() <= before
    batch.close()
    gc.collect()
    assert belongings() <= before
    assert observ[:, 0].tolist() == [0] * 4


# 24. There is no memory to share.


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.ENOMEM])
def test_fault_24_no_memory_to_share_is_an_error_that_says_so(
    faulty_env, tmp_path, is_gone, code
):
    class Alone(faulty_env):
        def __init__(self, *args):
            super().__init__(*args)
            (tmp_path / str(os.getpid())).touch()

            def refuse(*args):
                raise OSError(code, os.strerror(code))

            os.posix_fallocate = refuse  # In the worker, which sets memory aside.

    with pytest.raises(RemoteError, match=r"shared memory.*not to be had") as caught:
        BatchEnv.launch(Alone, 4, workers=2)
    assert caught.value.__cause__.errno == code
    pids = [int(path.name) for path in tmp_path.iterdir()]
    assert len(pids) >= 1
    assert all(is_gone(pid, 0) for pid in pids)


# 34. The parent has other things to do for a long time.


def test_fault_34_an_idle_parent_loses_nothing(launch):
    batch = launch(timeout=0.4, restarts=1)
    batch.reset()
    pids = batch.worker_pids
    threading.Event().wait(0.8)  # The fault itself: twice the limit.
    assert batch.step(np.zeros(4, np.int64))[0][:, 1].tolist() == [1] * 4
    assert batch.worker_pids == pids


# 35. Huge observations.


def test_fault_35_observations_of_many_megabytes(faulty_env):
    size = 25_000_000 if "RLTOOLS_SOAK" in os.environ else 5_000_000

    class Large(faulty_env):
        observation_space = spaces.Box(-1, 1, (size,), np.float32)

        def _observe(self):
            return np.full(size, self.steps / 8, np.float32)

    batch = BatchEnv.launch(Large, 2, workers=1)
    with contextlib.closing(batch):
        batch.reset()
        for step in (1, 2):
            observ = batch.step(np.zeros(2, np.int64))[0]
            assert (observ[:, :: size // 50] == step / 8).all()


# 36. Threads for linear algebra.

VARIABLES = "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"


@pytest.mark.parametrize(
    ("threads", "variable", "expected"),
    [
        (None, None, ["1", "1", "1"]),
        (None, "2", ["1", "2", "1"]),
        (2, None, ["2", "2", "2"]),
        (2, "3", ["2", "2", "2"]),
    ],
)
def test_fault_36_one_thread_for_each_worker_unless_asked(
    launch, monkeypatch, faulty_env, threads, variable, expected
):
    class Computes(faulty_env):
        def read_variables(self):
            return [os.environ.get(name) for name in VARIABLES]

        def count_threads(self):
            matrix = np.ones((700, 700))
            assert (matrix @ matrix)[0, 0] == 700
            return len(os.listdir("/proc/self/task"))

    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    if variable:
        monkeypatch.setenv("OPENBLAS_NUM_THREADS", variable)
    batch = launch(env=Computes, count=2, workers=1, threads=threads)
    assert batch.call("read_variables") == (expected, expected)
    if expected == ["1"] * 3:
        assert batch.call("count_threads") == (1, 1)


# 37. No environment that nobody asked for.


@pytest.mark.parametrize("restarts", [0, 1])
def test_fault_37_constructor_is_called_once_for_each_and_never_here(
    launch, tmp_path, faulty_env, restarts
):
    class Told(faulty_env):
        def __init__(self, *args):
            super().__init__(*args)
            with open(tmp_path / "calls", "a") as file:
                file.write(f"{self.number} {os.getpid()}\n")

    batch = launch(env=Told, workers=2, restarts=restarts)
    batch.reset()
    batch.step(np.zeros(4, np.int64))
    pids = batch.worker_pids
    assert os.getpid() not in pids
    calls = (tmp_path / "calls").read_text().splitlines()
    assert sorted(calls) == [f"{i} {pids[i // 2]}" for i in range(4)]


def test_fault_37_auto_makes_no_more_than_are_asked_for(launch, tmp_path, faulty_env):
    class Told(faulty_env):
        def __init__(self, *args):
            super().__init__(*args)
            (tmp_path / f"{self.number}-{os.getpid()}").touch()

    batch = launch(int, env=Told, workers="auto")
    batch.reset()
    where = batch.worker_pids or (os.getpid(),)
    made = {path.name for path in tmp_path.iterdir()}
    for number in range(4):
        pids = {int(name.split("-")[1]) for name in made if name[0] == str(number)}
        assert pids & set(where), "It was made where it is."
    assert batch.get_attr("steps") == (0,) * 4, "What was measured has been reset."


# 3. The machine has no memory left.


def test_fault_03_memory_that_is_not_to_be_had(launch):
    import resource

    def allocate():
        resource.setrlimit(resource.RLIMIT_AS, (2**32, 2**32))
        return np.ones(2**33, np.uint8)

    batch = launch(allocate)
    batch.reset()
    with pytest.raises(Exception, match="MemoryError") as caught:
        batch[1].call("do_harm", 1)()
    assert caught.value.env == 1
    assert batch.step(np.zeros(4, np.int64))[0][:, 1].tolist() == [1] * 4


def _limited_group():
    """A control group whose processes may have 300 MB, or skips."""
    root = "/sys/fs/cgroup/memory" if os.path.isdir("/sys/fs/cgroup/memory") else None
    if root is None or not os.access(root, os.W_OK):
        pytest.skip("may not make a control group here")
    return root


def test_fault_03_kernel_kills_for_lack_of_memory(launch, tmp_path):
    root = _limited_group()
    group = os.path.join(root, f"rltools-{os.getpid()}")
    os.mkdir(group)
    try:
        with open(os.path.join(group, "memory.limit_in_bytes"), "w") as file:
            file.write(str(300_000_000))

        def allocate():
            with open(os.path.join(group, "cgroup.procs"), "w") as file:
                file.write(str(os.getpid()))
            return np.ones(10**9, np.uint8)

        batch = launch(allocate)
        batch.reset()
        with pytest.raises(WorkerDiedError, match="out of memory") as caught:
            batch.step(np.array([0, 0, 1, 0]))
        assert caught.value.exit_code == -signal.SIGKILL
        batch.close()
    finally:
        os.rmdir(group)
