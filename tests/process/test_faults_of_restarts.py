"""Workers that are brought back: nothing spans two lives, and there is a limit to it.

Observations are (number, steps in the episode, process id), see conftest.py.
"""

import contextlib
import gc
import os
import signal
import sys
import threading
import weakref
from functools import partial

import cloudpickle
import numpy as np
import pytest

from rltools.batch_env import BatchEnv
from rltools.errors import RequestTimeoutError, ResetNeededError, WorkerDiedError
from rltools.wrappers import ExternalProcess

cloudpickle.register_pickle_by_value(sys.modules[__name__])
pytestmark = pytest.mark.timeout(60)


def actions(*ones):
    return np.isin(np.arange(4), ones).astype(np.int64)


def kill_self():
    os.kill(os.getpid(), signal.SIGKILL)


def sleep_for_ever():
    threading.Event().wait()


def kill(batch, worker, is_gone):
    pid = batch.worker_pids[worker]
    os.kill(pid, signal.SIGKILL)
    assert is_gone(pid, 5)


def steps(observ):
    return observ[:, 1].tolist()


def assert_told(result, *lost):
    """That these episodes of four were lost in a step, and the others went on."""
    _, reward, terminated, truncated, info = result
    mask = np.isin(np.arange(4), lost)
    assert reward.tolist() == [0.0 if each else 1.0 for each in mask]
    assert not terminated.any()
    assert truncated.tolist() == mask.tolist()
    if not lost:
        assert "worker_restarted" not in info
        return
    assert info["worker_restarted"].tolist() == mask.tolist()
    assert info["_worker_restarted"].tolist() == mask.tolist()
    assert all("SIGKILL" in info["worker_error"][index] for index in lost)


@pytest.fixture
def no_collector():
    """Objects live as long as somebody holds them, and not until they are collected."""
    gc.disable()
    yield
    gc.enable()


# 33. What happens to the episodes.


@pytest.mark.parametrize("moment", ["in a step", "between", "while not waited for"])
def test_fault_33_lost_episodes_are_truncated_where_they_were(launch, is_gone, moment):
    batch = launch(kill_self, restarts=1)
    batch.reset()
    before = batch.step(actions())[0]
    if moment == "in a step":
        result = batch.step(actions(3))
    elif moment == "between":
        kill(batch, 1, is_gone)
        result = batch.step(actions())
    else:
        promise = batch.step(actions(2), blocking=False)
        result = promise()
    # Environment:  0  1  2  3
    # Steps:        2  2  1  1
    # Truncated:          x  x
    assert_told(result, 2, 3)
    assert steps(result[0]) == [2, 2, 1, 1]
    np.testing.assert_array_equal(result[0][2:], before[2:])
    with pytest.raises(ResetNeededError, match=r"\[2, 3\]"):
        batch.step(actions())
    observ, info = batch.reset(indices=[2, 3])
    assert steps(observ) == [0, 0]
    assert "worker_restarted" not in info, "It has been told already."
    result = batch.step(actions())
    assert_told(result)
    assert steps(result[0]) == [3, 3, 1, 1]
    pids = result[0][:, 2]
    assert pids[:2].tolist() == before[:2, 2].tolist()
    assert pids[2:].tolist() == [batch.worker_pids[1]] * 2
    assert not set(pids[2:]) & set(before[:, 2])


def test_fault_33_next_step_autoreset(launch):
    batch = launch(kill_self, restarts=1, autoreset="next_step")
    batch.reset()
    batch.step(actions())
    # Step:           2      3      4
    # Steps of 0:     2      3      4
    # Steps of 2:     1      0      1
    # Truncated 2:    x
    results = [batch.step(each) for each in (actions(2), actions(), actions())]
    assert [steps(r[0]) for r in results] == [[2, 2, 1, 1], [3, 3, 0, 0], [4, 4, 1, 1]]
    assert_told(results[0], 2, 3)
    assert results[1][1].tolist() == [1, 1, 0, 0]
    assert not results[1][3].any()
    assert_told(results[2])
    assert (results[1][0][2:, 2] == batch.worker_pids[1]).all()
    assert (results[0][0][2:, 2] != batch.worker_pids[1]).all()


def test_fault_33_same_step_autoreset(launch):
    batch = launch(kill_self, restarts=1, autoreset="same_step")
    batch.reset()
    before = batch.step(actions())[0]
    result = batch.step(actions(2))
    observ, reward, terminated, truncated, info = result
    assert steps(observ) == [2, 2, 0, 0]
    assert (observ[2:, 2] == batch.worker_pids[1]).all()
    assert (reward.tolist(), truncated.tolist()) == ([1, 1, 0, 0], [0, 0, 1, 1])
    assert not terminated.any()
    assert info["_final_obs"].tolist() == [False, False, True, True]
    for index in (2, 3):
        np.testing.assert_array_equal(info["final_obs"][index], before[index])
    finals = info["final_info"]
    assert finals["worker_restarted"].tolist() == [False, False, True, True]
    result = batch.step(actions())
    assert_told(result)
    assert steps(result[0]) == [3, 3, 1, 1]


@pytest.mark.parametrize("indices", [None, [2, 3], [3]])
def test_fault_33_death_in_a_reset(launch, indices):
    batch = launch(kill_self, restarts=1)
    batch.reset()
    batch.step(actions())
    os.kill(batch.worker_pids[1], signal.SIGKILL)
    observ, info = batch.reset(indices=indices)
    rows = [0, 1, 2, 3] if indices is None else indices
    assert observ[:, :2].tolist() == [[index, 0] for index in rows]
    reset = [index for index in (2, 3) if index in rows]
    assert np.flatnonzero(info["worker_restarted"]).tolist() == reset
    result = batch.step(actions())
    # An episode that was lost, but not to be reset, is still to be told.
    lost = [index for index in (2, 3) if index not in rows]
    assert_told(result, *lost)
    assert steps(result[0])[reset[0]] == 1


def test_fault_33_death_in_a_call_is_an_error_and_the_episode_is_told(launch):
    batch = launch(kill_self, restarts=1)
    batch.reset()
    batch.step(actions())
    with pytest.raises(WorkerDiedError, match="SIGKILL") as caught:
        batch[3].call("do_harm", 3)()
    assert caught.value.env == 3
    assert batch[3].get_wrapper_attr("number") == 3, "The new one answers."
    result = batch.step(actions())
    assert_told(result, 2, 3)
    assert steps(result[0]) == [2, 2, 1, 1]


def test_fault_33_death_in_a_call_is_told_by_the_reset_that_comes_next(launch):
    batch = launch(kill_self, restarts=1)
    batch.reset()
    with pytest.raises(WorkerDiedError, match="SIGKILL"):
        batch[3].call("do_harm", 3)()
    _, info = batch.reset(indices=[2])
    assert info["worker_restarted"].tolist() == [False, False, True, False]
    result = batch.step(actions())
    assert_told(result, 3)
    assert steps(result[0]) == [1, 1, 1, 0]
    assert "worker_restarted" not in batch.reset()[1], "Each was told once."


def test_fault_33_hung_worker_is_replaced(launch, is_gone):
    batch = launch(sleep_for_ever, restarts=1, timeout=1)
    batch.reset()
    pid = batch.worker_pids[0]
    result = batch.step(actions(1))
    assert is_gone(pid, 0)
    assert result[3].tolist() == [True, True, False, False]
    assert "'step' (step 1)" in result[4]["worker_error"][0]
    assert steps(result[0]) == [0, 0, 1, 1]
    batch.reset(indices=[0, 1])
    assert steps(batch.step(actions())[0]) == [1, 1, 2, 2]


def test_fault_33_one_environment_of_a_process(external_process, faulty_env, is_gone):
    env = external_process(lambda: faulty_env(5, kill_self), restarts=1)
    env.reset()
    last = env.step(0)[0]
    old = env.pid
    observ, reward, terminated, truncated, info = env.step(1)
    np.testing.assert_array_equal(observ, last)
    assert (reward, terminated, truncated) == (0.0, False, True)
    assert info["worker_restarted"] is True
    assert "SIGKILL" in info["worker_error"]
    assert is_gone(old, 0)
    assert env.reset()[0].tolist() == [5, 0, env.pid]
    assert env.step(0)[0].tolist() == [5, 1, env.pid]
    with pytest.raises(WorkerDiedError, match="SIGKILL"):
        env.step(1)


@pytest.mark.parametrize("autoreset", ["disabled", "next_step", "same_step"])
def test_fault_33_no_transition_spans_a_restart(launch, rng, autoreset):
    """Law: within an episode the process is one, and steps count up by one."""
    batch = launch(restarts=50, autoreset=autoreset)
    last = batch.reset(seed=1)[0]
    ended = np.zeros(4, np.bool_)
    told = 0
    for step in range(60):
        if autoreset == "disabled" and ended.any():
            rows = np.flatnonzero(ended)
            last[rows] = batch.reset(indices=rows)[0]
            assert (last[rows, 1] == 0).all()
            ended[:] = False
        promise = batch.step(actions(), blocking=False)
        # Sometimes before, sometimes after, sometimes while it works.
        if step % 10 == 5:
            os.kill(batch.worker_pids[rng.integers(2)], signal.SIGKILL)
        observ, reward, terminated, truncated, info = promise()
        assert not terminated.any()
        lost = info.get("worker_restarted", np.zeros(4, np.bool_))
        after = observ.copy()
        if autoreset == "same_step" and "final_obs" in info:
            lost = info["final_info"]["worker_restarted"]
            assert (observ[lost, 1] == 0).all(), "Its first observation."
            observ = np.where(lost[:, None], _filled(info["final_obs"]), observ)
        assert (truncated == lost).all()
        told += lost.sum() // 2
        begun = ended if autoreset == "next_step" else np.zeros(4, np.bool_)
        assert (observ[begun, 1] == 0).all()
        going = ~begun & ~lost
        assert (observ[going, 1] == last[going, 1] + 1).all()
        assert (observ[~begun, 2] == last[~begun, 2]).all(), "One process."
        np.testing.assert_array_equal(observ[lost], last[lost])
        assert (reward == going).all()
        last, ended = after, truncated
    assert told >= 5


def _filled(observs):
    return np.stack([np.zeros(3) if each is None else each for each in observs])


def test_fault_33_death_while_the_next_step_resets(launch, is_gone, faulty_env):
    class Ends(faulty_env):
        """Those of odd numbers have episodes of one step."""

        def step(self, action):
            observ, reward, _, truncated, info = super().step(action)
            return observ, reward, self.number % 2 == 1, truncated, info

    batch = launch(env=Ends, restarts=1, autoreset="next_step")
    batch.reset()
    last = batch.step(actions())[0]
    kill(batch, 1, is_gone)
    # Environment:  2  3
    # Steps:        1  1
    # Done:            x
    # Next:         1  0   2 has lost its episode, 3 was to begin one anyway.
    observ, reward, terminated, truncated, info = batch.step(actions())
    assert steps(observ) == [2, 0, 1, 0]
    assert observ[3, 2] == batch.worker_pids[1]
    np.testing.assert_array_equal(observ[2], last[2])
    assert reward.tolist() == [1, 0, 0, 0]
    assert truncated.tolist() == [False, False, True, False]
    assert not terminated.any()
    assert info["worker_restarted"].tolist() == [False, False, True, True]
    assert steps(batch.step(actions())[0]) == [3, 1, 0, 1]


def test_fault_33_a_step_knows_that_others_have_brought_the_worker_back(launch):
    """The healthy worker that has come since must not be taken for the dead one."""
    batch = launch(kill_self, restarts=1)
    batch.reset()
    batch.step(actions())
    promise = batch.step(actions(3), blocking=False)
    with pytest.raises(WorkerDiedError):
        batch[3].call("get_wrapper_attr", "steps")()
    pids = batch.worker_pids
    assert_told(promise(), 2, 3)
    assert batch.worker_pids == pids
    batch.reset(indices=[2, 3])
    assert steps(batch.step(actions())[0]) == [3, 3, 1, 1]


def test_fault_33_nothing_is_late_in_a_life_that_others_began(launch):
    batch = launch(sleep_for_ever, restarts=1, timeout=1.0)
    batch.reset()
    promise = batch.step(actions(3), blocking=False)
    with pytest.raises(RequestTimeoutError):
        batch[3].call("get_wrapper_attr", "steps")()
    batch[3]._supervisor.open.note_late_step()  # Such as by a call given up before.
    truncated = promise()[3]
    assert truncated.tolist() == [False, False, True, True]


def test_fault_33_a_promise_that_met_a_death_can_be_dropped(
    external_process, faulty_env, no_collector
):
    """What tells of the death must not hold on to who waited then."""
    env = external_process(lambda: faulty_env(0, kill_self), restarts=1)
    env.reset()
    promise = env.step(1, blocking=False)
    assert promise()[3]
    dropped = weakref.ref(promise)
    del promise
    assert dropped() is None


class CalledAlone(ExternalProcess):
    """A batch calls each of these by itself, for it has a step of its own."""

    def step(self, action, blocking=True):
        return super().step(action, blocking)


@pytest.mark.parametrize("kind", [CalledAlone, ExternalProcess])
def test_fault_33_a_promise_that_met_a_death_and_timed_out_can_be_dropped(
    faulty_env, no_collector, kind
):
    # Workers of different limits are not stepped together.
    envs = [
        kind(partial(faulty_env, 0, kill_self), timeout=20),
        kind(partial(faulty_env, 1, sleep_for_ever), timeout=21),
    ]
    with contextlib.closing(BatchEnv(envs)) as batch:
        batch.reset()
        promise = batch.step(np.array([1, 1]), blocking=False)
        with pytest.raises(RequestTimeoutError):
            promise.result(0.5)
        dropped = weakref.ref(promise)
        del promise
        assert dropped() is None
        with pytest.raises(ResetNeededError):
            batch.step(np.array([0, 0]))
