"""Calls that come late, out of turn, or can't cross, where workers host several."""

import sys
import threading

import cloudpickle
import numpy as np
import pytest

from rltools.errors import (
    BatchError,
    ClosedError,
    InvalidActionError,
    NotPicklableError,
    PendingCallError,
    RemoteError,
    RequestTimeoutError,
    ResetNeededError,
)

cloudpickle.register_pickle_by_value(sys.modules[__name__])
pytestmark = pytest.mark.timeout(60)


def actions(*ones):
    return np.isin(np.arange(4), ones).astype(np.int64)


def raise_value_error():
    raise ValueError("the arm is stuck")


def sleep_for_ever():
    threading.Event().wait()


# 5. An environment hangs.


def test_fault_05_close_ends_a_worker_of_which_one_environment_hangs(
    launch, is_gone, stopwatch
):
    batch = launch(sleep_for_ever)
    batch.reset()
    promise = batch.step(actions(1, 2), blocking=False)
    pids = batch.worker_pids
    stopwatch()
    batch.close()
    assert stopwatch() < 4
    assert all(is_gone(pid, 0) for pid in pids)
    with pytest.raises((ClosedError, BatchError)):
        promise()


def test_fault_05_every_environment_is_closed_though_all_refuse(
    launch, tmp_path, faulty_env
):
    class Refuses(faulty_env):
        def close(self):
            (tmp_path / f"closed-{self.number}").touch()
            raise_value_error()

    launch(env=Refuses).close()
    assert len(list(tmp_path.iterdir())) == 4


# 6. A reply comes too late.


def make_slow():
    threading.Event().wait(0.8)


def test_fault_06_after_a_timeout_only_a_reset_goes_on(launch):
    batch = launch(make_slow, timeout=0.4)
    batch.reset()
    with pytest.raises(RequestTimeoutError, match=r"'step' \(step 1\).*0\.4") as caught:
        batch.step(actions(2))
    assert caught.value.worker == 1
    assert "environments [2, 3] of the batch" in caught.value.__notes__[0]
    with pytest.raises((ResetNeededError, PendingCallError)):
        batch.step(actions())
    promise = batch.reset(indices=[2, 3], blocking=False)
    assert promise.result(5)[0][:, :2].tolist() == [[2, 0], [3, 0]]
    # No stale reply, and those of the other worker have stepped.
    observ = batch.step(actions())[0]
    assert observ[:, 1].tolist() == [2, 2, 1, 1]


def test_fault_06_a_promise_can_be_asked_again(launch):
    batch = launch(make_slow)
    batch.reset()
    promise = batch.step(actions(0), blocking=False)
    with pytest.raises(RequestTimeoutError):
        promise.result(0.1)
    assert promise()[0][:, 1].tolist() == [1] * 4
    assert batch.step(actions())[0][:, 1].tolist() == [2] * 4


# 7. Promises dropped, or overtaken.


def test_fault_07_dropped_promise_of_a_step(launch):
    batch = launch()
    batch.reset()
    batch.step(actions(), blocking=False)
    with pytest.raises(ResetNeededError):
        batch.step(actions())
    batch.reset()
    assert batch.step(actions())[0][:, 1].tolist() == [1] * 4


def test_fault_07_calls_of_one_environment_beside_a_step_of_all(launch):
    batch = launch()
    batch.reset()
    promise = batch.step(actions(), blocking=False)
    steps = [env.call("steps") for env in batch.envs]
    assert promise()[0][:, 1].tolist() == [1] * 4
    assert [each() for each in steps] == [1] * 4


# 8 and 9. What is asked at the wrong time, or wrongly, moves nothing.


def test_fault_08_step_while_one_is_pending_and_use_after_close(launch):
    batch = launch()
    batch.reset()
    promise = batch.step(actions(), blocking=False)
    for use in (
        lambda: batch.step(actions()),
        batch.reset,
        lambda: batch[0].step(0),
        lambda: batch[0].reset(),
    ):
        with pytest.raises(PendingCallError):
            use()
    assert promise()[0][:, 1].tolist() == [1] * 4
    batch.close()
    for use in (lambda: batch.step(actions()), batch.reset, batch.render):
        with pytest.raises(ClosedError):
            use()


def test_fault_09_invalid_actions_raise_before_any_environment_moves(launch):
    batch = launch()
    batch.reset()
    wrong = np.zeros(3), np.zeros(5), np.array([0, 0, 0, 2]), np.zeros(4), 0, [0, 1]
    for each in (np.zeros(3, np.int64), np.zeros(5, np.int64), *wrong):
        with pytest.raises(InvalidActionError):
            batch.step(each)
    assert batch.get_attr("steps") == (0,) * 4


# 11 and 12. What can't be pickled.


class HasLockError(Exception):
    def __init__(self):
        super().__init__("has a lock")
        self.lock = threading.Lock()


class RaisingStrError(Exception):
    def __str__(self):
        raise RuntimeError("no")


@pytest.mark.parametrize("make_error", [HasLockError, RaisingStrError, SystemExit])
def test_fault_11_any_exception_of_a_group_arrives_as_text(launch, make_error):
    def harm():
        raise make_error()

    batch = launch(harm)
    batch.reset()
    with pytest.raises(RemoteError) as caught:
        batch.step(actions(1))
    assert caught.value.original_type.endswith(make_error.__name__)
    assert "in harm" in caught.value.remote_traceback
    assert batch.get_attr("steps") == (1, 0, 1, 1)


def test_fault_12_unpicklable_info_of_one_environment(launch, faulty_env):
    class Locks(faulty_env):
        def step(self, action):
            result = super().step(0)
            return (*result[:4], {"lock": threading.Lock()} if action else {"fine": 1})

    batch = launch(env=Locks)
    batch.reset()
    with pytest.raises(NotPicklableError, match="lock"):
        batch.step(actions(1))
    # The worker lives, and goes on after a reset of what could not be told.
    assert batch.get_attr("steps") == (1,) * 4
    batch.reset()
    assert batch.step(actions())[4]["fine"].tolist() == [1] * 4
