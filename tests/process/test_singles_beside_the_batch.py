"""Environments of a batch that are used by themselves, between the batch's own calls.

Observations are (number, steps in the episode, process id), see conftest.py.
"""

import gc
import os
import signal
import time

import numpy as np
import pytest

from rltools.batch_env import BatchEnv
from rltools.errors import (
    ClosedError,
    PendingCallError,
    RemoteError,
    WorkerDiedError,
)
from rltools.wrappers import ExternalProcess

pytestmark = pytest.mark.timeout(60)
GO_ON = np.zeros(4, np.int64)


class WithStepOfItsOwn(ExternalProcess):
    """A batch calls each of these by itself."""

    def step(self, action, blocking=True):
        return super().step(action, blocking)


def kill(batch, index, is_gone):
    pid = batch[index].pid
    os.kill(pid, signal.SIGKILL)
    assert is_gone(pid, 5)


@pytest.fixture(params=["in two workers", "in processes", "apart"])
def batch(request, launch, faulty_env):
    if request.param == "in two workers":
        yield launch(restarts=2)
        return
    kind = WithStepOfItsOwn if request.param == "apart" else ExternalProcess
    makes = [lambda number=i: faulty_env(number) for i in range(4)]
    batch = BatchEnv([kind(make, restarts=2) for make in makes])
    yield batch
    batch.close()


def test_promise_of_one_keeps_the_batch_from_moving(batch):
    batch.reset()
    promise = batch[2].step(0, blocking=False)
    for use in (lambda: batch.step(GO_ON), batch.reset):
        with pytest.raises(PendingCallError, match="promise"):
            use()
    batch.reset(indices=[0, 1])
    # That it is its own observation, and not that of a step of the batch after it.
    assert promise()[0][1] == 1
    assert batch.step(GO_ON)[0][:, 1].tolist() == [1, 1, 2, 1]


def test_dropped_promise_of_one_does_not(batch):
    batch.reset()
    batch[2].step(0, blocking=False)
    assert batch.step(GO_ON)[0][:, 1].tolist() == [1, 1, 2, 1]


def test_lost_episode_ends_where_one_alone_has_taken_it(batch, is_gone):
    batch.reset()
    batch.step(GO_ON)
    last = batch[2].step(0)[0]
    batch.reset(indices=[3])  # Its neighbour, of the same worker or not.
    kill(batch, 2, is_gone)
    observ, _, _, truncated, info = batch[2].step(0)
    assert truncated
    assert info["worker_restarted"]
    np.testing.assert_array_equal(observ, last)


@pytest.mark.parametrize("harm", [0, 1], ids=["observes", "raises"])
def test_what_is_ready_stays_though_its_worker_comes_back(batch, is_gone, harm):
    batch.reset()
    # There is nothing to be called as harm.
    promise = batch.step(np.array([0, 0, harm, 0]), blocking=False)
    until = time.monotonic() + 20
    while not promise.ready():
        assert time.monotonic() < until
    kill(batch, 2, is_gone)
    with pytest.raises(WorkerDiedError):
        batch[2].get_wrapper_attr("number")
    if harm:
        with pytest.raises(RemoteError) as caught:
            promise()
        assert caught.value.env == 2
        return
    observ, _, _, truncated, info = promise()
    assert not truncated.any()
    assert not info
    assert observ[:, 1].tolist() == [1, 1, 1, 1]
    again, _, _, truncated, info = batch.step(GO_ON)
    assert truncated[2]
    assert info["worker_restarted"][2]
    np.testing.assert_array_equal(again[2], observ[2])


def test_lost_episode_is_told_once_though_its_worker_dies_again(batch, is_gone):
    batch.reset()
    kill(batch, 2, is_gone)
    assert batch[2].step(0)[3]
    batch[3].reset()
    kill(batch, 2, is_gone)
    # There has been no episode since; whether it can step is for it to say.
    assert not batch[2].step(0)[3]


@pytest.mark.parametrize("whose", ["its own", "of the batch"])
def test_one_says_that_it_was_closed_though_a_promise_is_held(batch, whose):
    batch.reset()
    env = batch[2]
    if whose == "its own":
        promise = env.step(0, blocking=False)
    else:
        promise = batch.step(GO_ON, blocking=False)
    batch.close()
    for use in (lambda: env.step(0), env.reset):
        with pytest.raises(ClosedError):
            use()
    del promise


def test_one_says_that_it_was_closed_though_its_loss_was_not_told(batch, is_gone):
    batch.reset()
    kill(batch, 2, is_gone)
    with pytest.raises(WorkerDiedError):
        batch[2].get_wrapper_attr("number")
    batch.close()
    with pytest.raises(ClosedError):
        batch[2].step(0)


def test_error_of_one_tells_its_place(batch):
    with pytest.raises(RemoteError) as caught:
        batch[2].call("no_such_method")()
    assert caught.value.env == 2


def test_dropped_promise_of_the_batch_does_not_keep_one_from_a_reset(batch):
    batch.reset()
    batch.step(GO_ON, blocking=False)
    assert batch[2].reset()[0][1] == 0
    assert batch[2].step(0)[0][1] == 1
    batch.reset()
    assert batch.step(GO_ON)[0][:, 1].tolist() == [1, 1, 1, 1]


def test_reset_that_failed_began_no_episode_that_could_be_lost(batch, is_gone):
    with pytest.raises(RemoteError):
        batch.reset(indices=[2], options={"harm": 2})  # There is nothing to be called.
    kill(batch, 2, is_gone)
    assert not batch[2].step(0)[3], "Whether it can step is for itself to say."


def test_dead_worker_is_told_rather_than_a_call_that_died_with_it(launch, is_gone):
    batch = launch()
    batch.reset()
    kill(batch, 2, is_gone)
    batch.reset(blocking=False)
    for _ in range(2):
        with pytest.raises(WorkerDiedError):
            batch.reset()
    with pytest.raises(WorkerDiedError):
        batch[2].step(0)


@pytest.mark.parametrize("kind", ["step", "reset"])
def test_promise_that_was_called_can_be_dropped(launch, kind):
    """Only one whose result nobody has taken leaves a call behind that may be late."""
    batch = launch()
    batch.reset()
    batch.step(np.zeros(4, np.int64))
    if kind == "step":
        promise = batch.step(np.zeros(4, np.int64), blocking=False)
    else:
        promise = batch.reset(blocking=False)
    steps = promise()[0][:, 1].tolist()
    del promise
    gc.collect()
    for env, before in zip(batch.envs, steps, strict=True):
        assert env.step(0)[0][1] == before + 1
