"""What an environment in another process must survive; one section for each fault.

The environments are local classes and closures, so that they also show that such can
be sent to a worker.
"""

import copy
import ctypes
import gc
import os
import pickle
import signal
import sys
import threading

import cloudpickle
import gymnasium as gym
import numpy as np
import pytest

from rltools.batch_env import BatchEnv
from rltools.errors import (
    BatchError,
    ClosedError,
    InvalidActionError,
    NotPicklableError,
    PendingCallError,
    RemoteError,
    RequestTimeoutError,
    WorkerDiedError,
)
from rltools.wrappers import ExternalProcess

# Sent by value, workers need not import this file and with it pytest.
cloudpickle.register_pickle_by_value(sys.modules[__name__])
pytestmark = [pytest.mark.timeout(60), pytest.mark.usefixtures("impatient")]


class Env(gym.Env):
    """Counts its steps; an action of 1 does `harm`."""

    observation_space = gym.spaces.Box(-np.inf, np.inf, (1,), np.float32)
    action_space = gym.spaces.Discrete(2)
    metadata = {"render_modes": ["rgb_array"]}
    render_mode = None

    def __init__(self, harm=None):
        self.harm = harm
        self.steps = 0
        self.gravity = 9.8

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        if options:
            self.harm()
        self.steps = 0
        return np.zeros(1, np.float32), {}

    def step(self, action):
        if action == 1:
            self.harm()
        self.steps += 1
        return np.full(1, self.steps, np.float32), float(self.steps), False, False, {}

    def do_harm(self):
        return self.harm()

    def double(self, value):
        return 2 * value

    def get_pid(self):
        return os.getpid()


def raise_value_error():
    raise ValueError("the arm is stuck")


def kill_self():
    os.kill(os.getpid(), signal.SIGKILL)


def sleep_for_ever():
    threading.Event().wait()


def hold_gil_for_ever():
    # A C function called through PyDLL keeps the GIL for as long as it runs.
    ctypes.PyDLL(None).pause()


# 1. The environment raises.


@pytest.mark.parametrize("command", ["reset", "step", "do_harm"])
def test_fault_01_error_names_command_type_and_traceback(external_process, command):
    envs = [external_process(lambda: Env(raise_value_error)) for _ in range(2)]
    envs[0].index = 7
    envs[0].reset()
    calls = {
        "reset": lambda: envs[0].reset(options={"harm": True}),
        "step": lambda: envs[0].step(1),
        "do_harm": lambda: envs[0].call("do_harm")(),
    }
    with pytest.raises(RemoteError, match="the arm is stuck") as caught:
        calls[command]()
    error = caught.value
    assert error.worker == 7
    assert str(error).startswith("Worker 7 (pid ")
    assert error.command == command
    assert error.original_type == "ValueError"
    assert "in raise_value_error" in error.remote_traceback
    assert error.remote_traceback in str(error)
    assert isinstance(error.__cause__, ValueError)
    # Both workers stay usable.
    for env in envs:
        assert env.reset()[0] == 0
        assert env.step(0)[1] == 1


def test_fault_01_only_frames_of_the_environment_are_shown(external_process):
    env = external_process(lambda: Env(raise_value_error))
    with pytest.raises(RemoteError) as caught:
        env.call("do_harm")()
    assert "process/worker.py" not in caught.value.remote_traceback


def test_fault_01_other_environments_of_a_batch_have_stepped(external_process):
    batch = BatchEnv([external_process(lambda: Env(raise_value_error)) for _ in "ab"])
    batch.reset()
    with pytest.raises(RemoteError) as caught:
        batch.step(np.array([0, 1]))
    assert caught.value.worker == 1
    assert "environment 1 of the batch" in caught.value.__notes__[0]
    batch.reset(indices=[1])
    assert batch.step(np.array([0, 0]))[0].ravel().tolist() == [2, 1]


# 2. One of several constructors raises.


def test_fault_02_batch_raises_and_reaps_the_other_workers(is_gone, stopwatch):
    fine = [ExternalProcess(Env) for _ in range(2)]
    for env in fine:
        assert env.observation_space == Env.observation_space  # They are up.
    broken = ExternalProcess(raise_value_error)
    assert is_gone(broken.pid, 10)
    stopwatch()
    with pytest.raises(RemoteError, match="the arm is stuck") as caught:
        BatchEnv([fine[0], broken, fine[1]])
    assert stopwatch() < 1
    assert caught.value.command == "constructor"
    assert caught.value.worker == 1
    for env in [*fine, broken]:
        assert is_gone(env.pid, 0)


def test_fault_02_constructor_returns_no_environment(external_process):
    env = external_process(lambda: "an environment")
    with pytest.raises(RemoteError, match="expected it to return a gymnasium"):
        env.reset()


# 3. The worker dies.


def exit_silently():
    os._exit(0)


def crash():
    # Python's own handler would only write to stderr before the process ends the same.
    signal.signal(signal.SIGSEGV, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGSEGV)


@pytest.mark.parametrize(
    ("harm", "how", "exit_code"),
    [
        (kill_self, "SIGKILL", -signal.SIGKILL),
        (crash, "SIGSEGV", -signal.SIGSEGV),
        (exit_silently, "exited with code 0", 0),
    ],
)
@pytest.mark.parametrize("command", ["constructor", "reset", "step", "do_harm"])
def test_fault_03_death_is_told_at_once(
    external_process, is_gone, stopwatch, harm, how, exit_code, command
):
    env = external_process(harm if command == "constructor" else lambda: Env(harm))
    calls = {
        "constructor": env.reset,
        "reset": lambda: env.reset(options={"harm": True}),
        "step": lambda: env.step(1),
        "do_harm": lambda: env.call("do_harm")(),
    }
    if command != "constructor":
        env.reset()
    stopwatch()
    with pytest.raises(WorkerDiedError, match=how) as caught:
        calls[command]()
    assert stopwatch() < (10 if command == "constructor" else 2)
    assert caught.value.command == command
    assert caught.value.exit_code == exit_code
    assert is_gone(env.pid, 0)
    with pytest.raises(WorkerDiedError, match=how):
        env.reset()


def test_fault_03_death_of_an_idle_worker(external_process, is_gone):
    env = external_process(Env)
    env.reset()
    os.kill(env.pid, signal.SIGKILL)
    assert is_gone(env.pid, 5)
    with pytest.raises(WorkerDiedError, match="SIGKILL"):
        env.step(0)


def test_fault_03_death_in_close(external_process, is_gone, stopwatch):
    class DiesInClose(Env):
        def close(self):
            kill_self()

    env = external_process(DiesInClose)
    env.reset()
    stopwatch()
    env.close()
    assert stopwatch() < 1
    assert is_gone(env.pid, 0)


def test_fault_03_death_in_the_middle_of_a_reply(external_process, is_gone):
    def make():
        env = Env()

        def reply_and_die():
            # The reply is larger than any socket buffer, so that it is still being
            # sent when the timer strikes.
            threading.Timer(0.2, kill_self).start()
            return np.zeros(10_000_000)

        env.do_harm = reply_and_die
        return env

    env = external_process(make)
    promise = env.call("do_harm")
    assert is_gone(env.pid, 10)
    with pytest.raises(WorkerDiedError, match="SIGKILL"):
        promise()


def test_fault_03_environment_that_closes_the_connection(external_process, is_gone):
    env = external_process(lambda: Env(lambda: os.closerange(3, 100)))
    env.reset()
    with pytest.raises(WorkerDiedError):
        env.step(1)
    assert is_gone(env.pid, 0)


def test_fault_03_death_while_a_child_holds_the_connection(external_process, is_gone):
    def fork_and_die():
        # Forked behind Python's back, the child keeps what it would have closed.
        if ctypes.CDLL(None).fork() == 0:
            ctypes.CDLL(None).pause()
        kill_self()

    env = external_process(lambda: Env(fork_and_die))
    env.reset()
    with pytest.raises(WorkerDiedError, match="SIGKILL"):
        env.step(1)


@pytest.mark.parametrize("missing", [AttributeError, OSError])
def test_fault_03_without_exit_handles(external_process, monkeypatch, is_gone, missing):
    """Older kernels have none, other systems neither; all else holds."""

    def refuse(pid):
        raise missing("no pidfd")

    with monkeypatch.context() as context:
        context.setattr(os, "pidfd_open", refuse)

        def start_child_and_wait():
            import subprocess

            return subprocess.Popen(["sleep", "1000"]).pid

        env = external_process(lambda: Env(start_child_and_wait))
        env.reset()
        child = env.call("do_harm")()
        env.close()
        other = external_process(lambda: Env(kill_self))
        other.reset()
        with pytest.raises(WorkerDiedError, match="SIGKILL"):
            other.step(1)
    assert is_gone(env.pid, 0)
    assert is_gone(child, 2)


# 4. close() after a death.


def test_fault_04_close_after_a_death_is_idempotent(external_process, stopwatch):
    env = external_process(lambda: Env(kill_self))
    env.reset()
    with pytest.raises(WorkerDiedError):
        env.step(1)
    stopwatch()
    env.close()
    env.close()
    assert stopwatch() < 0.5
    with pytest.raises(ChildProcessError):
        os.waitpid(env.pid, os.WNOHANG)  # It has been reaped.


def test_fault_04_batch_closes_when_some_workers_are_dead(is_gone):
    batch = BatchEnv([ExternalProcess(Env) for _ in range(3)])
    os.kill(batch[1].pid, signal.SIGKILL)
    batch.close()
    batch.close()
    assert all(is_gone(env.pid, 0) for env in batch.envs)


# 5. The environment hangs.


def ignore_sigterm_and_sleep():
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sleep_for_ever()


@pytest.mark.parametrize(
    "harm", [sleep_for_ever, hold_gil_for_ever, ignore_sigterm_and_sleep]
)
def test_fault_05_close_ends_an_environment_that_hangs(
    external_process, is_gone, stopwatch, harm
):
    env = external_process(lambda: Env(harm))
    env.reset()
    env.step(1, blocking=False)
    stopwatch()
    env.close()
    assert stopwatch() < 3
    assert is_gone(env.pid, 0)


def test_fault_05_constructor_hangs(external_process, is_gone, stopwatch):
    env = external_process(sleep_for_ever)
    stopwatch()
    env.close()
    assert stopwatch() < 3
    assert is_gone(env.pid, 0)


def test_fault_05_hung_environments_of_a_batch_share_one_deadline(is_gone, stopwatch):
    batch = BatchEnv([ExternalProcess(lambda: Env(sleep_for_ever)) for _ in range(4)])
    batch.reset()
    batch.step(np.ones(4, np.int64), blocking=False)
    stopwatch()
    batch.close()
    assert stopwatch() < 3.5
    assert all(is_gone(env.pid, 0) for env in batch.envs)


def test_fault_05_close_from_another_thread_than_the_one_that_waits(
    external_process, is_gone
):
    env = external_process(lambda: Env(sleep_for_ever))
    env.reset()
    errors = []

    def wait_for_ever():
        try:
            env.step(1)
        except Exception as error:
            errors.append(error)

    thread = threading.Thread(target=wait_for_ever)
    thread.start()
    env.close()
    thread.join(10)
    assert is_gone(env.pid, 0)
    assert [type(error) for error in errors] == [ClosedError]


def test_fault_05_waiting_threads_do_not_delay_each_other(is_gone, stopwatch):
    batch = BatchEnv([ExternalProcess(lambda: Env(sleep_for_ever)) for _ in range(4)])
    batch.reset()

    def wait(env):
        with pytest.raises(ClosedError):
            env.step(1)

    threads = [threading.Thread(target=wait, args=(env,)) for env in batch.envs]
    for thread in threads:
        thread.start()
    stopwatch()
    batch.close()
    assert stopwatch() < 4
    for thread in threads:
        thread.join()


def test_fault_05_signal_handler_that_closes_during_a_step(external_process, is_gone):
    env = external_process(lambda: Env(sleep_for_ever))
    env.reset()
    previous = signal.signal(signal.SIGALRM, lambda number, frame: env.close())
    signal.setitimer(signal.ITIMER_REAL, 0.1)
    try:
        with pytest.raises(ClosedError):
            env.step(1)
    finally:
        signal.signal(signal.SIGALRM, previous)
    assert is_gone(env.pid, 0)


# 6. A reply comes too late.


def make_slow_env():
    event = threading.Event()
    return Env(lambda: event.wait(0.5))


def test_fault_06_after_a_timeout_only_a_reset_starts_anew(external_process):
    env = external_process(make_slow_env, timeout=0.2)
    env.reset()
    with pytest.raises(RequestTimeoutError, match=r"'step' \(step 1\).*0\.2 seconds"):
        env.step(1)
    with pytest.raises(PendingCallError):
        env.step(0)
    assert env.reset(blocking=False).result(5)[0] == 0
    assert env.step(0)[1] == 1


def test_fault_06_a_promise_can_be_asked_again(external_process):
    env = external_process(make_slow_env)
    env.reset()
    promise = env.step(1, blocking=False)
    assert not promise.ready()
    with pytest.raises(RequestTimeoutError):
        promise.result(0.1)
    assert promise()[1] == 1
    assert env.step(0)[1] == 2


def test_fault_06_timeout_holds_however_much_is_under_way(external_process, stopwatch):
    env = external_process(lambda: Env(sleep_for_ever), timeout=0.3)
    env.reset()
    stopwatch()
    env.call("do_harm")
    promises = [env.call("double", np.zeros(1000)) for _ in range(1000)]
    with pytest.raises(RequestTimeoutError, match="double"):
        promises[-1]()
    assert stopwatch() < 5


@pytest.mark.parametrize("end", ["timeout", "close"])
def test_fault_06_worker_stopped_in_the_middle_of_a_reply(
    external_process, is_gone, stopwatch, end
):
    def stop_later():
        threading.Timer(0.1, lambda: os.kill(os.getpid(), signal.SIGSTOP)).start()
        return np.zeros(50_000_000)

    env = external_process(lambda: Env(stop_later), timeout=1)
    env.reset()
    promise = env.call("do_harm")
    stopwatch()
    if end == "timeout":
        with pytest.raises(RequestTimeoutError):
            promise()
        assert stopwatch() < 3
    env.close()
    assert stopwatch() < 5
    assert is_gone(env.pid, 0)


@pytest.mark.parametrize("timeout", [float("inf"), 1e9, 3e6])
def test_fault_06_timeouts_may_be_long(external_process, timeout):
    env = external_process(Env, timeout=timeout)
    env.reset()
    assert env.step(0, blocking=False).result(timeout)[1] == 1


def test_fault_06_timeout_holds_while_another_thread_waits(external_process, stopwatch):
    env = external_process(lambda: Env(sleep_for_ever))
    env.reset()
    waiting, late = env.call("do_harm"), env.call("double", 2)

    def wait():
        with pytest.raises(ClosedError):
            waiting()

    thread = threading.Thread(target=wait)
    thread.start()
    stopwatch()
    with pytest.raises(RequestTimeoutError):
        late.result(0.1)
    assert stopwatch() < 1
    env.close()
    thread.join()


def test_fault_06_interrupted_call_is_given_up(external_process):
    def interrupt(number, frame):
        raise KeyboardInterrupt

    env = external_process(make_slow_env)
    env.reset()
    previous = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 0.1)
    try:
        with pytest.raises(KeyboardInterrupt) as kept:  # As a notebook keeps it.
            env.step(1)
    finally:
        signal.signal(signal.SIGALRM, previous)
    with pytest.raises(PendingCallError):
        env.step(0)
    env.reset()
    assert env.step(0)[1] == 1
    del kept


# 7. Promises out of order, twice, dropped.


def test_fault_07_promises_out_of_order_and_twice(external_process):
    env = external_process(Env)
    env.reset()
    step = env.step(0, blocking=False)
    calls = [env.call("double", value) for value in range(5)]
    assert [call() for call in reversed(calls)] == [8, 6, 4, 2, 0]
    assert step()[1] == 1
    assert step() is step()
    assert calls[2]() == 4


def test_fault_07_dropped_promises(external_process):
    env = external_process(Env)
    env.reset()
    env.call("double", 1)
    env.step(0, blocking=False)
    gc.collect()
    assert env.step(0)[1] == 2
    assert env.call("double", 21)() == 42


def test_fault_07_more_under_way_than_any_buffer_holds(external_process):
    env = external_process(Env)
    small = [env.call("double", value) for value in range(1000)]
    large = [env.call("double", np.full(100_000, value)) for value in range(10)]
    assert [promise()[0] for promise in reversed(large)] == [*range(18, -1, -2)]
    assert [promise() for promise in small] == [*range(0, 2000, 2)]


def test_fault_07_threads_get_their_own_replies(external_process):
    env = external_process(Env)
    wrong = []

    def ask(value):
        for _ in range(100):
            if (answer := env.call("double", value)()) != 2 * value:
                wrong.append(answer)

    threads = [threading.Thread(target=ask, args=(value,)) for value in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


# 8. Steps without waiting; use after close.


def test_fault_08_step_or_reset_while_one_is_pending(external_process):
    env = external_process(Env)
    env.reset()
    promise = env.step(0, blocking=False)
    with pytest.raises(PendingCallError, match="can't step"):
        env.step(0)
    with pytest.raises(PendingCallError, match="can't reset"):
        env.reset()
    assert promise()[1] == 1
    assert env.step(0)[1] == 2


def test_fault_08_use_after_close(external_process):
    env = external_process(Env)
    env.reset()
    promise = env.call("double", 4)
    env.close()
    assert promise() == 8  # It had been answered.
    for use in (env.reset, lambda: env.step(0), lambda: env.call("double", 1)):
        with pytest.raises(ClosedError):
            use()


# 9. Actions that don't fit.


def test_fault_09_invalid_actions_raise_before_any_environment_moves(external_process):
    batch = BatchEnv([external_process(Env) for _ in range(2)])
    batch.reset()
    for actions in (np.array([0]), np.array([0, 2]), np.array([0.0, 1.0]), 0, [0]):
        with pytest.raises(InvalidActionError):
            batch.step(actions)
    assert batch.get_attr("steps") == (0, 0)


# 10. Two workers fail in one step.


def test_fault_10_all_failures_are_reported(external_process):
    harms = [raise_value_error, kill_self, None]
    batch = BatchEnv([external_process(lambda harm=harm: Env(harm)) for harm in harms])
    batch.reset()
    with pytest.raises(BatchError) as caught:
        batch.step(np.array([1, 1, 0]))
    failures = caught.value.failures
    assert {index: type(error) for index, error in failures.items()} == {
        0: RemoteError,
        1: WorkerDiedError,
    }
    assert "the arm is stuck" in str(caught.value)
    assert "SIGKILL" in str(caught.value)


# 11. Exceptions that can't be pickled.


class HasLockError(Exception):
    def __init__(self):
        super().__init__("has a lock")
        self.lock = threading.Lock()


class TwoArgumentsError(Exception):
    def __init__(self, first, second):
        super().__init__(f"{first} and {second}")


class RaisingReduceError(Exception):
    def __reduce__(self):
        raise RuntimeError("no")


class RaisingStrError(Exception):
    def __str__(self):
        raise RuntimeError("no")


@pytest.mark.parametrize(
    "make_error",
    [
        HasLockError,
        lambda: TwoArgumentsError(1, 2),
        RaisingReduceError,
        RaisingStrError,
        SystemExit,
    ],
)
def test_fault_11_any_exception_arrives_as_text(external_process, make_error):
    def harm():
        raise make_error()

    env = external_process(lambda: Env(harm))
    env.reset()
    with pytest.raises(RemoteError) as caught:
        env.step(1)
    name = type(make_error()).__name__
    assert caught.value.original_type.endswith(name)
    assert "in harm" in caught.value.remote_traceback
    assert name in str(caught.value)
    assert env.step(0)[1] == 1


# 12. Results that can't be pickled.


def test_fault_12_unpicklable_result_or_attribute(external_process):
    env = external_process(lambda: Env(threading.Lock))
    env.reset()
    with pytest.raises(NotPicklableError, match="lock"):
        env.call("do_harm")()
    env.call("set_wrapper_attr", "label", "blue")()
    assert env.label == "blue"
    assert env.step(0)[1] == 1


def test_fault_12_unpicklable_argument(external_process):
    env = external_process(Env)
    with pytest.raises(NotPicklableError, match=r"double.*lock"):
        env.call("double", threading.Lock())
    lock = threading.Lock()
    with pytest.raises(NotPicklableError, match="constructor"):
        ExternalProcess(lambda: lock)


def test_fault_12_result_that_can_be_pickled_but_not_read(external_process):
    class FailsToLoad:
        def __reduce__(self):
            return (int, ("not a number",))

    env = external_process(lambda: Env(FailsToLoad))
    with pytest.raises(NotPicklableError, match="can't be read"):
        env.call("do_harm")()
    assert env.call("double", 2)() == 4


def test_fault_12_argument_that_can_be_pickled_but_not_read(external_process):
    class FailsToLoad:
        def __reduce__(self):
            return (int, ("not a number",))

    env = external_process(Env)
    with pytest.raises(NotPicklableError, match="was given to 'double'"):
        env.call("double", FailsToLoad())()
    assert env.call("double", 2)() == 4


# 13. Copies, and private names.


@pytest.mark.parametrize("copier", [pickle.dumps, copy.copy, copy.deepcopy])
def test_fault_13_copies_are_refused(external_process, copier):
    env = external_process(Env)
    with pytest.raises(NotPicklableError, match="constructor"):
        copier(env)


def test_fault_13_private_names_never_cross(external_process):
    env = external_process(Env)
    assert not hasattr(env, "_private")
    assert not hasattr(env, "__array__")
    assert not hasattr(env, "no_such_attribute")
    assert hasattr(env, "gravity")
    for use in (
        lambda: env.call("_np_random"),
        lambda: env.get_wrapper_attr("_np_random"),
        lambda: env.set_wrapper_attr("_np_random", None),
    ):
        with pytest.raises(AttributeError, match="not public"):
            use()
    with pytest.raises(AttributeError, match="stays in the worker"):
        env.np_random  # noqa: B018


def test_fault_13_hasattr_does_not_hide_a_failed_constructor(external_process):
    env = external_process(lambda: Env().no_such_attribute)
    with pytest.raises(RemoteError, match="no_such_attribute"):
        hasattr(env, "gravity")


def test_fault_13_repr_does_not_ask_the_worker(external_process):
    env = external_process(sleep_for_ever)
    assert repr(env) == str(env)
    assert repr(env) == f"<ExternalProcess worker={env.index} pid={env.pid}>"
    env.close()
    assert repr(env).endswith(" closed>")
