"""What workers must survive that is not their environment's doing.

Most of it happens to the process that starts workers, which is a script here.
"""

import os
import signal
import subprocess
import sys

import pytest

pytestmark = pytest.mark.timeout(120)

ENV = """
import ctypes, multiprocessing, os, signal, subprocess, sys, threading, time
import gymnasium as gym
import numpy as np
from rltools import BatchEnv
from rltools.wrappers import ExternalProcess

class Env(gym.Env):
    observation_space = action_space = gym.spaces.Discrete(2)

    def reset(self, seed=None, options=None):
        self.simulator_pid = subprocess.Popen(["sleep", "1000"]).pid
        return 0, {}

    def step(self, action):
        hold = {"nothing": int, "sleep": threading.Event().wait,
                "gil": ctypes.PyDLL(None).pause}
        hold[self.harm]()
        return 0, 0.0, False, False, {}

    def close(self):
        pass
"""


# 14. The parent is killed, whatever it and the worker are doing.


@pytest.mark.parametrize("harm", ["nothing", "sleep", "gil"])
@pytest.mark.parametrize("start_method", [None, "fork", "forkserver", "spawn"])
def test_fault_14_workers_do_not_outlive_a_killed_parent(
    tmp_path, is_gone, harm, start_method
):
    script = tmp_path / "parent.py"
    script.write_text(f"""{ENV}
def main():
    env = ExternalProcess(Env)
    env.set_wrapper_attr("harm", {harm!r})
    env.reset()
    promise = env.step(0, blocking=False)
    print(os.getpid(), env.pid, env.simulator_pid if {harm!r} == "nothing" else 0,
          flush=True)
    threading.Event().wait()

if __name__ == "__main__":
    if {start_method!r} is None:
        main()
    else:
        process = multiprocessing.get_context({start_method!r}).Process(target=main)
        process.start()
        process.join()
""")
    process = subprocess.Popen(
        [sys.executable, str(script)], stdout=subprocess.PIPE, text=True
    )
    try:
        parent, worker, simulator = map(int, process.stdout.readline().split())
        os.kill(parent, signal.SIGKILL)
        assert is_gone(worker, 2)
        # 16. What the environment started goes with its worker.
        assert simulator == 0 or is_gone(simulator, 2)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


# 15. The worker is started from a thread that ends.


def test_fault_15_worker_survives_the_thread_that_started_it(run_script):
    result = run_script(f"""{ENV}
started = []
thread = threading.Thread(target=lambda: started.append(ExternalProcess(Env)))
thread.start()
thread.join()
[env] = started
env.harm = "nothing"
env.reset()
print(env.step(0))
""")
    assert result.stdout == "(0, 0.0, False, False, {})\n", result.stderr


# 16. The environment starts processes of its own.


@pytest.mark.parametrize("end", ["env.close()", "os.kill(env.pid, signal.SIGKILL)"])
def test_fault_16_processes_of_the_environment_end_with_it(run_script, is_gone, end):
    result = run_script(f"""{ENV}
bystander = subprocess.Popen(["sleep", "1000"])
env = ExternalProcess(Env)
env.reset()
simulator = env.simulator_pid
{end}
try:
    env.reset()
except Exception as error:
    print(simulator, bystander.poll(), type(error).__name__)
bystander.kill()
bystander.wait()
""")
    simulator, bystander, error = result.stdout.split()
    assert is_gone(int(simulator), 2)
    assert bystander == "None", "Nobody else's process is touched."
    assert error in ("ClosedError", "WorkerDiedError")


# 18. Workers are started while TensorFlow has threads.


def test_fault_18_fifty_workers_start_beside_tensorflow_threads(run_script):
    result = run_script(
        f"""{ENV}
import tensorflow as tf
multiply = tf.function(lambda x: tf.linalg.matmul(x, x))
for _ in range(5):
    multiply(tf.random.normal([300, 300]))
    batch = BatchEnv([ExternalProcess(Env) for _ in range(10)])
    batch.set_attr("harm", "nothing")
    batch.reset()
    batch.step(np.zeros(10, np.int64))
    batch.close()
print("done")
""",
        seconds=100,
    )
    assert result.stdout == "done\n", result.stderr


# 19 and 20. Scripts without a guard; what __main__ defines and registers.


def test_fault_19_script_without_a_guard_runs_once(run_script):
    result = run_script(f"""{ENV}
print("started")
env = ExternalProcess(Env)
print(env.reset())
""")
    assert result.stdout == "started\n(0, {})\n", result.stderr


CONSTRUCTORS = {
    "lambda": "lambda: Env()",
    "class": "Env",
    "closure": "make_closure()",
    "local class": "make_local_class()",
    "registered by class": "lambda: gym.make('Registered-v0')",
    "registered by name": "lambda: gym.make('Named-v0')",
    "partial": "functools.partial(gym.make, 'Registered-v0')",
}


@pytest.mark.parametrize("start_method", [None, "fork", "forkserver", "spawn"])
def test_fault_20_any_constructor_can_be_sent(run_script, start_method):
    result = run_script(f"""{ENV}
import functools

def make_closure():
    kind = Env
    def make():
        return kind()
    return make

def make_local_class():
    class Local(Env):
        pass
    return Local

gym.register("Registered-v0", Env)
gym.register("Named-v0", "__main__:Env")

def main():
    for constructor in [{", ".join(CONSTRUCTORS.values())}]:
        env = ExternalProcess(constructor)
        print(env.reset())
        env.close()

if __name__ == "__main__":
    if {start_method!r} is None:
        main()
    else:
        process = multiprocessing.get_context({start_method!r}).Process(target=main)
        process.start()
        process.join()
""")
    assert result.stdout == "(0, {})\n" * len(CONSTRUCTORS), result.stderr


def test_fault_20_registration_that_can_not_travel_says_so(run_script):
    result = run_script(f"""{ENV}
lock = threading.Lock()
gym.register("Locked-v0", lambda: (lock, Env())[1])
try:
    ExternalProcess(lambda: gym.make("Locked-v0")).reset()
except Exception as error:
    print(error)
""")
    assert "The registration of 'Locked-v0' can't be sent" in result.stdout


# 21. Ctrl-C reaches the whole terminal's process group.


def test_fault_21_interrupt_is_the_parents_alone(tmp_path, interrupt):
    script = tmp_path / "parent.py"
    script.write_text(f"""{ENV}
env = ExternalProcess(Env)
env.harm = "sleep"
env.reset()
try:
    print("ready", flush=True)
    env.step(0)
except KeyboardInterrupt:
    print("interrupted", flush=True)
env.close()
""")
    assert interrupt(str(script)) == ("interrupted\n", "", 0)


# 22. The interpreter exits without close().


@pytest.mark.parametrize("harm", ["nothing", "sleep", "gil"])
def test_fault_22_exit_without_close_is_quick_and_quiet(
    run_script, is_gone, stopwatch, harm
):
    result = run_script(f"""{ENV}
envs = [ExternalProcess(Env) for _ in range(3)]
for env in envs:
    env.harm = {harm!r}
    env.reset()
promises = [env.step(0, blocking=False) for env in envs]
print(time.time(), *[env.pid for env in envs])
""")
    import time

    exited_at, *pids = result.stdout.split()
    assert time.time() - float(exited_at) < 3
    assert result.stderr == ""
    assert all(is_gone(int(pid), 0) for pid in pids)


def test_fault_22_dropped_without_close(run_script, is_gone):
    result = run_script(f"""{ENV}
import warnings
warnings.simplefilter("always")
env = ExternalProcess(Env)
env.reset()
pid = env.pid
del env
try:
    os.waitpid(pid, 0)
except ChildProcessError:
    print("reaped")
""")
    assert (result.stdout, result.stderr) == ("reaped\n", "")


def test_fault_20_objects_of_main_can_be_given_to_a_running_environment(run_script):
    result = run_script(f"""{ENV}
class Setting:
    value = 3

class Reads(Env):
    def read(self, setting):
        return setting.value

env = ExternalProcess(Reads)
print(env.read(Setting()), env.read({{"a": Setting}}["a"]))
env.hook = lambda: Setting
print(env.hook() is Setting)
""")
    assert result.stdout == "3 3\nTrue\n", result.stderr


def test_fault_20_changed_registrations_are_those_of_the_parent(run_script):
    result = run_script(f"""{ENV}
gym.register("CartPole-v1", Env)
gym.spec("Acrobot-v1").max_episode_steps = 7
env = ExternalProcess(lambda: gym.make("CartPole-v1"))
print(env.observation_space)
env = ExternalProcess(lambda: gym.make("Acrobot-v1"))
print(env.spec.max_episode_steps)
""")
    assert result.stdout == "Discrete(2)\n7\n", result.stderr


def test_fault_20_unrelated_registration_does_no_harm(run_script):
    result = run_script(f"""{ENV}
import types
sys.modules["only_here"] = module = types.ModuleType("only_here")
exec("class Hidden: pass", module.__dict__)
gym.register("Hidden-v0", module.Hidden)
print(ExternalProcess(Env).reset())
try:
    ExternalProcess(lambda: gym.make("Hidden-v0")).reset()
except Exception as error:
    print(error)
""")
    assert result.stdout.startswith("(0, {})\n"), result.stderr
    assert "The registration of 'Hidden-v0' can't be sent" in result.stdout


def test_imports_as_the_parent_does(run_script):
    result = run_script(f"""{ENV}
import pathlib, tempfile
folder = pathlib.Path(tempfile.mkdtemp())
(folder / "beside.py").write_text("value = 5")
os.chdir(folder.parent)
sys.path.insert(0, str(folder))
sys.path.append(None)  # Ignored by imports.
import beside

def make():
    env = Env()
    env.value = beside.value
    return env

print(ExternalProcess(make).value)
""")
    assert result.stdout == "5\n", result.stderr


def test_broken_pipe_is_an_error_and_not_a_signal(run_script):
    result = run_script(f"""{ENV}
signal.signal(signal.SIGPIPE, signal.SIG_DFL)
env = ExternalProcess(Env)
env.reset()
os.kill(env.pid, signal.SIGKILL)
os.waitid(os.P_PID, env.pid, os.WEXITED | os.WNOWAIT)
try:
    env.reset()
except Exception as error:
    print(type(error).__name__)
""")
    assert result.stdout == "WorkerDiedError\n"


# A fork of the parent shares the worker's descriptors, but not the worker.


def test_forked_child_leaves_the_workers_alone(run_script):
    result = run_script(f"""{ENV}
env = ExternalProcess(Env)
env.harm = "nothing"
env.reset()
child = os.fork()
if child == 0:
    try:
        env.step(0)
    except Exception as error:
        print(type(error).__name__, flush=True)
    env.close()
    del env
    sys.exit()
os.waitpid(child, 0)
print(env.step(0))
""")
    assert result.stdout == "ClosedError\n(0, 0.0, False, False, {})\n", result.stderr
    assert result.stderr == ""
