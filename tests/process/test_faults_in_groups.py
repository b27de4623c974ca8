"""Environments that fail in workers which host several of them."""

import os
import signal
import sys
import threading

import cloudpickle
import numpy as np
import pytest
from gymnasium import spaces

from rltools.batch_env import BatchEnv
from rltools.errors import (
    BatchError,
    ClosedError,
    RemoteError,
    ResetNeededError,
    WorkerDiedError,
)

cloudpickle.register_pickle_by_value(sys.modules[__name__])
pytestmark = pytest.mark.timeout(60)


def actions(*ones):
    return np.isin(np.arange(4), ones).astype(np.int64)


def raise_value_error():
    raise ValueError("the arm is stuck")


def kill_self():
    os.kill(os.getpid(), signal.SIGKILL)


def crash():
    signal.signal(signal.SIGSEGV, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGSEGV)


def exit_silently():
    os._exit(0)


CALLS = {
    "reset": lambda batch, env: batch.reset(options={"harm": env}),
    "step": lambda batch, env: batch.step(actions(env)),
    "do_harm": lambda batch, env: batch.call("do_harm", env),
}


# 1. An environment raises.


@pytest.mark.parametrize("command", CALLS)
def test_fault_01_error_names_the_environment_and_its_worker(launch, command):
    batch = launch(raise_value_error)
    batch.reset()
    for env in (0, 3):
        with pytest.raises(RemoteError, match="the arm is stuck") as caught:
            CALLS[command](batch, env)
        error = caught.value
        assert (error.worker, error.env) == (env // 2, env)
        assert f"environment {env}" in str(error)
        assert str(batch.worker_pids[env // 2]) in str(error)
        assert error.command == command
        assert error.original_type == "ValueError"
        assert isinstance(error.__cause__, ValueError)
        assert "in raise_value_error" in error.remote_traceback
        assert "rltools/" not in error.remote_traceback
        batch.reset()
    assert batch.step(actions())[0][:, 1].tolist() == [1] * 4


def test_fault_01_neighbours_have_stepped(launch):
    batch = launch(raise_value_error)
    for env in range(4):
        batch.reset()
        batch.step(actions())
        with pytest.raises(RemoteError):
            batch.step(actions(env))
        assert batch.get_attr("steps") == tuple(1 if i == env else 2 for i in range(4))
        with pytest.raises(ResetNeededError, match=rf"\[{env}\]"):
            batch.step(actions())
        assert batch.reset(indices=[env])[0][:, :2].tolist() == [[env, 0]]
        expected = [[i, 1 if i == env else 3] for i in range(4)]
        assert batch.step(actions())[0][:, :2].tolist() == expected


# 2. One of several constructors raises.


def test_fault_02_constructor_raises_and_all_workers_are_reaped(
    tmp_path, is_gone, stopwatch, faulty_env
):
    class Told(faulty_env):
        """Writes down in which process it is made, and whether it is closed."""

        def __init__(self, number):
            (tmp_path / f"made-{number}").write_text(str(os.getpid()))
            if number == 2:
                # The others are up by then.
                while len(list(tmp_path.glob("made-*"))) < 4:
                    os.sched_yield()
                raise_value_error()
            super().__init__(number)

        def close(self):
            (tmp_path / f"closed-{self.number}").touch()

    # Worker 0: 0 1 / worker 1: 3 2 / worker 2: 4 5
    order = [0, 1, 3, 2, 4, 5]
    makes = [lambda number=number: Told(number) for number in order]
    stopwatch()
    with pytest.raises(RemoteError, match="the arm is stuck") as caught:
        BatchEnv.launch(makes, workers=3)
    assert stopwatch() < 10
    assert caught.value.command == "constructor"
    assert caught.value.worker == 1
    pids = {int(path.read_text()) for path in tmp_path.glob("made-*")}
    assert len(pids) == 3
    assert all(is_gone(pid, 0) for pid in pids)
    closed = {path.name for path in tmp_path.glob("closed-*")}
    assert closed == {f"closed-{number}" for number in (0, 1, 3, 4, 5)}


# 3. A worker dies, and with it all of its environments.


KILLED = (kill_self, "SIGKILL", -signal.SIGKILL)


@pytest.mark.parametrize(
    ("command", "harm", "how", "exit_code"),
    [
        *[(command, *KILLED) for command in CALLS],
        ("step", crash, "SIGSEGV", -signal.SIGSEGV),
        ("step", exit_silently, "exited with code 0", 0),
    ],
)
def test_fault_03_death_of_a_worker_with_several_environments(
    launch, is_gone, stopwatch, command, harm, how, exit_code
):
    batch = launch(harm)
    batch.reset()
    batch.step(actions())
    pid = batch.worker_pids[1]
    stopwatch()
    with pytest.raises(WorkerDiedError, match=how) as caught:
        CALLS[command](batch, 3)
    assert stopwatch() < 2
    assert is_gone(pid, 0)
    error = caught.value
    assert str(error).startswith(f"Worker 1 (pid {pid})")
    assert (error.worker, error.command) == (1, command)
    assert error.exit_code == exit_code
    # A step is asked of all, a call of each.
    who = "environment 3" if command == "do_harm" else "environments [2, 3]"
    assert f"{who} of the batch" in error.__notes__[0]
    if command == "step":
        assert error.step == 2
        # Those of the other worker have stepped, and keep their state.
        assert [env.get_wrapper_attr("steps") for env in batch.envs[:2]] == [2, 2]
    for use in (batch.reset, lambda: batch.get_attr("steps")):
        with pytest.raises(WorkerDiedError, match=how):
            use()


def test_fault_03_error_names_no_environment_where_it_concerns_all(launch):
    batch = launch(kill_self)
    batch.reset()
    with pytest.raises(WorkerDiedError) as caught:
        batch.step(actions(3))
    assert caught.value.env is None
    assert "None" not in str(caught.value)


def test_fault_03_death_between_two_steps(launch, is_gone):
    batch = launch()
    batch.reset()
    os.kill(batch.worker_pids[0], signal.SIGKILL)
    assert is_gone(batch.worker_pids[0], 5)
    with pytest.raises(WorkerDiedError, match="SIGKILL") as caught:
        batch.step(actions())
    assert caught.value.worker == 0
    assert batch[3].get_wrapper_attr("steps") == 1


def test_fault_03_death_in_the_constructor(stopwatch, faulty_env):
    makes = [faulty_env, faulty_env, faulty_env, kill_self]
    stopwatch()
    with pytest.raises(WorkerDiedError, match="SIGKILL") as caught:
        BatchEnv.launch(makes, workers=2)
    assert stopwatch() < 10
    assert caught.value.command == "constructor"
    assert caught.value.worker == 1


def test_fault_03_death_while_it_writes_the_rows(launch, faulty_env):
    """A half-written row of a dead worker is no observation of anybody."""

    class Half(faulty_env):
        observation_space = spaces.Box(-np.inf, np.inf, (2**20,), np.float64)

        def _observe(self):
            return np.full(2**20, self.steps, np.float64)

        def step(self, action):
            if action:
                threading.Timer(0.05, kill_self).start()
                for _ in range(10**6):  # Until the timer strikes.
                    result = super().step(0)
                return result
            return super().step(action)

    batch = launch(env=Half, count=2, workers=1)
    batch.reset()
    before = batch.step(np.array([0, 0]))[0]
    with pytest.raises(WorkerDiedError):
        batch.step(np.array([0, 1]))
    assert (before == 1).all()


# 4. close() after a death.


def test_fault_04_close_after_deaths_is_idempotent_and_quick(
    launch, is_gone, stopwatch
):
    batch = launch(kill_self, restarts=0)
    pids = batch.worker_pids
    batch.reset()
    with pytest.raises((WorkerDiedError, BatchError)):
        batch.step(actions(0, 3))
    stopwatch()
    batch.close()
    batch.close()
    assert stopwatch() < 0.5
    assert all(is_gone(pid, 0) for pid in pids)
    with pytest.raises(ClosedError):
        batch.reset()


@pytest.mark.parametrize("is_awaited", [True, False])
def test_fault_04_close_after_a_constructor_that_failed(
    external_process, is_gone, is_awaited
):
    # The worker ends by itself: before, while, or after it is asked to.
    envs = [external_process(raise_value_error) for _ in range(2)]
    for env in envs:
        with pytest.raises(RemoteError):
            env.reset()
        assert not is_awaited or is_gone(env.pid, 5)
        env.close()
        env.close()
        assert is_gone(env.pid, 0)


# 10. Several fail in one step.


def test_fault_10_failures_of_both_workers_are_reported(launch, faulty_env):
    class Chosen(faulty_env):
        def __init__(self, number, harm):
            super().__init__(number, raise_value_error if number < 2 else kill_self)

    batch = launch(env=Chosen)
    batch.reset()
    with pytest.raises(BatchError) as caught:
        batch.step(actions(1, 3))
    kinds = {i: type(error) for i, error in caught.value.failures.items()}
    assert kinds == {1: RemoteError, 2: WorkerDiedError, 3: WorkerDiedError}
    assert "the arm is stuck" in str(caught.value)
    assert "SIGKILL" in str(caught.value)
    assert batch[0].get_wrapper_attr("steps") == 1


def test_fault_10_two_failures_within_one_worker(launch):
    batch = launch(raise_value_error)
    batch.reset()
    with pytest.raises(BatchError) as caught:
        batch.step(actions(2, 3))
    failures = caught.value.failures
    assert [failures[env].env for env in (2, 3)] == [2, 3]
    assert [failures[env].worker for env in (2, 3)] == [1, 1]
    assert batch.get_attr("steps") == (1, 1, 0, 0)


def test_fault_10_two_deaths(launch):
    batch = launch(kill_self)
    batch.reset()
    with pytest.raises(BatchError) as caught:
        batch.step(actions(0, 2))
    failures = caught.value.failures
    assert [failures[env].worker for env in range(4)] == [0, 0, 1, 1]
    assert failures[0] is failures[1]
