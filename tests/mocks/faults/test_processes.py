"""The layer of processes reports just what the faults say."""

import signal

import gymnasium as gym
import numpy as np
import pytest

from rltools.batch_env import BatchEnv
from rltools.errors import (
    InjectedError,
    InvalidObservationError,
    NotPicklableError,
    RemoteError,
    RequestTimeoutError,
    WorkerDiedError,
)
from rltools.mocks import MockEnvironment, faults, faulty
from rltools.mocks.faults import expected_schedule

pytestmark = pytest.mark.timeout(60)
ACTION = np.zeros(1, np.float32)


def make_mock():
    return MockEnvironment((2,), (1,), 3, 3)


@pytest.fixture
def start(external_process, monkeypatch, is_gone):
    """Starts a faulty environment, whose process must be gone after the test."""
    monkeypatch.setattr("rltools.process.worker_env._SECONDS_TO_CLOSE", 0.5)
    started = []

    def start(*plan, **options):
        started.append(external_process(faulty(make_mock, *plan), **options))
        return started[-1]

    yield start
    pids = [env.pid for env in started]
    for env in started:
        env.close()
    assert all(is_gone(pid, 5) for pid in pids)


@pytest.mark.parametrize(
    ("fault", "how", "code"),
    [
        (faults.Exit(at_step=2, code=7), "exited with code 7", 7),
        (faults.Signal(at_step=2), "SIGKILL", -signal.SIGKILL),
        (faults.Signal(at_step=2, number=signal.SIGTERM), "SIGTERM", -signal.SIGTERM),
    ],
)
def test_a_death_is_reported_with_its_step(start, fault, how, code):
    env = start(fault)
    env.reset()
    env.step(ACTION)
    with pytest.raises(WorkerDiedError, match=how) as caught:
        env.step(ACTION)
    assert (caught.value.exit_code, caught.value.step) == (code, 2)
    assert caught.value.command == "step"


@pytest.mark.parametrize("place", ["constructor", "reset"])
def test_a_death_is_reported_with_its_command(start, place):
    env = start(faults.Exit(at=place, code=3))
    with pytest.raises(WorkerDiedError, match="exited with code 3") as caught:
        env.reset()
    assert caught.value.command == place


def test_a_hang_is_a_timeout_and_can_be_ended(start):
    env = start(faults.Hang(at_step=1), timeout=0.3)
    env.reset()
    with pytest.raises(RequestTimeoutError):
        env.step(ACTION)
    env.close()


def test_an_exception_leaves_the_worker_and_its_schedule(start):
    env = start(faults.Raise(at_step=1), faults.NotANumber(at_step=2), timeout=20)
    env.reset(seed=3)
    with pytest.raises(RemoteError, match=r"Raise\(at_step=1\) in episode 0") as caught:
        env.step(ACTION)
    assert isinstance(caught.value.__cause__, InjectedError)
    assert np.isnan(env.step(ACTION)[0]).any()
    expected = expected_schedule([faults.NotANumber(at_step=2)], [2], seed=3)
    assert [each.fault for each in env.schedule][1:] == [
        each.fault for each in expected
    ]
    assert [each.step for each in env.schedule] == [1, 2]


def test_what_cannot_cross_is_told(start):
    env = start(faults.Unpicklable(at_step=1), faults.WrongShape(at_step=2))
    env.reset()
    with pytest.raises(NotPicklableError, match="can't be pickled"):
        env.step(ACTION)
    # The worker lives on; and one environment alone returns what it returns here.
    assert env.step(ACTION)[0].shape == (1, 2)


@pytest.mark.parametrize(
    ("kind", "problem"),
    [
        (faults.WrongShape, r"expected shape \(2,\), got \(1, 2\)"),
        (faults.WrongDtype, "expected dtype float32, got float64"),
    ],
)
@pytest.mark.parametrize("workers", [0, 1])
def test_batches_refuse_what_is_not_of_the_space(kind, problem, workers):
    batch = BatchEnv.launch(faulty(make_mock, kind(at_step=1)), 1, workers=workers)
    try:
        batch.reset()
        with pytest.raises(InvalidObservationError, match=problem):
            batch.step(np.zeros((1, 1), np.float32))
    finally:
        batch.close()


def test_a_fault_that_strikes_once_is_survived(start, tmp_path):
    env = start(faults.Exit(at_step=2, once=tmp_path / "mark"), restarts=1)
    env.reset(seed=1)
    first = env.step(ACTION)[0]
    observ, reward, terminated, truncated, info = env.step(ACTION)
    assert (reward, terminated, truncated) == (0, False, True)
    assert info["worker_restarted"]
    assert "exited with code 1" in info["worker_error"]
    np.testing.assert_array_equal(observ, first)
    env.reset()
    for _ in range(3):
        *_, truncated, info = env.step(ACTION)
    assert not truncated
    assert "worker_restarted" not in info


def test_only_the_faulty_environments_of_a_batch_are_lost(tmp_path):
    crash = faults.Signal(at_step=2, once=tmp_path / "mark")
    makes = [make_mock, faulty(make_mock, crash), make_mock]
    batch = BatchEnv.launch(makes, workers=3, restarts=1)
    try:
        batch.reset(seed=1)
        actions = np.zeros((3, 1), np.float32)
        batch.step(actions)
        *_, truncated, info = batch.step(actions)
        assert truncated.tolist() == [False, True, False]
        assert info["worker_restarted"].tolist() == [False, True, False]
    finally:
        batch.close()


@pytest.mark.parametrize("workers", [0, 1])
def test_faults_reach_the_terminal_observation_with_autoreset(workers):
    space = gym.spaces.Box(-1, 1, (2,), np.float32)

    def make():
        return MockEnvironment(None, (1,), 2, 2, observation_space=space, seed=0)

    batch = BatchEnv.launch(
        faulty(make, faults.NotANumber(at="end")),
        1,
        workers=workers,
        autoreset="same_step",
    )
    try:
        batch.reset()
        actions = np.zeros((1, 1), np.float32)
        assert not np.isnan(batch.step(actions)[0]).any()
        observ, *_, info = batch.step(actions)
        assert not np.isnan(observ).any()
        assert np.isnan(info["final_obs"][0]).sum() == 1
    finally:
        batch.close()


@pytest.mark.parametrize("workers", [0, 1])
def test_reused_buffers_spoil_no_terminal_observation_of_a_batch(workers):
    def make():
        return MockEnvironment((2,), (1,), 2, 2, seed=0)

    fresh = make()
    fresh.reset()
    fresh.step(ACTION)
    last = fresh.step(ACTION)[0]
    batch = BatchEnv.launch(
        faulty(make, faults.ReusedBuffer()), 1, workers=workers, autoreset="same_step"
    )
    try:
        batch.reset()
        actions = np.zeros((1, 1), np.float32)
        batch.step(actions)
        *_, info = batch.step(actions)
        np.testing.assert_array_equal(info["final_obs"][0], last)
    finally:
        batch.close()
