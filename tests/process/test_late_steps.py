"""Steps that are late, and made after their environment was to begin anew.

Observations are (number, steps in the episode, process id), see conftest.py.
"""

import gc
import os
import signal
from pathlib import Path

import numpy as np
import pytest

from rltools.batch_env import BatchEnv
from rltools.errors import PendingCallError, RequestTimeoutError
from rltools.wrappers import ExternalProcess

pytestmark = pytest.mark.timeout(60)


class WithStepOfItsOwn(ExternalProcess):
    """A batch calls each of these by itself."""

    def step(self, action, blocking=True):
        return super().step(action, blocking)


@pytest.fixture
def gate(tmp_path):
    """A named pipe; whoever reads from it waits until something is written."""
    os.mkfifo(tmp_path / "gate")
    return tmp_path / "gate"


@pytest.fixture(params=["in a worker", "in processes", "apart"])
def make_batch(request, launch, faulty_env, gate):
    """A function of the options of workers; an action of 1 waits at the gate."""
    made = []

    def make(**options):
        if request.param == "in a worker":
            return launch(gate.read_bytes, workers=1, **options)
        kind = WithStepOfItsOwn if request.param == "apart" else ExternalProcess
        makes = [lambda i=i: faulty_env(i, gate.read_bytes) for i in range(4)]
        made.append(BatchEnv([kind(each, **options) for each in makes]))
        return made[-1]

    yield make
    for batch in made:
        batch.close()


def test_after_a_timeout_of_the_batch_only_a_reset_goes_on(make_batch, gate):
    batch = make_batch(timeout=0.5)
    batch.reset()
    raised = False
    try:
        batch.step(np.array([1, 0, 0, 0]))
    except RequestTimeoutError:
        raised = True  # And nobody keeps it, with all that it refers to.
    assert raised
    gc.collect()
    with pytest.raises(PendingCallError):
        batch[0].step(0)  # Its late step may still be made.
    gate.write_bytes(b"go on")
    assert batch[0].reset()[0][1] == 0
    assert batch[0].step(0)[0][1] == 1


@pytest.mark.parametrize("by_message", [False, True])
def test_promise_that_was_late_is_over_once_the_batch_was_reset(
    make_batch, gate, by_message
):
    batch = make_batch()
    batch.reset()
    promise = batch[0].step(1, blocking=False)
    with pytest.raises(RequestTimeoutError):
        promise.result(0.01)
    gate.write_bytes(b"go on")
    batch.reset(seed=1 if by_message else None)
    assert batch[0].step(0)[0][1] == 1, "Nothing is in its way."
    observ, *_ = batch.step(np.zeros(4, np.int64))
    assert observ[:, 1].tolist() == [2, 1, 1, 1]
    assert promise()[0][1] == 1, "Who still asks is told."


def test_late_result_is_not_that_of_the_reset_of_all_which_followed(make_batch, gate):
    batch = make_batch()
    batch.reset()
    late = batch[0].step(1, blocking=False)
    with pytest.raises(RequestTimeoutError):
        late.result(0.01)
    again = batch.reset(seed=1, blocking=False)
    gate.write_bytes(b"go on")
    stat = Path(f"/proc/{batch[0].pid}/stat")
    while stat.read_text().split()[2] != "S":  # It sleeps when it has done both.
        os.sched_yield()
    assert late()[0][1] == 1
    assert again()[0][:, 1].tolist() == [0] * 4


def test_a_reset_that_was_refused_gets_over_nothing_that_is_late(make_batch, gate):
    batch = make_batch(timeout=0.5)
    batch.reset()
    with pytest.raises(RequestTimeoutError):
        batch[0].step(1)
    held = batch[1].step(0, blocking=False)
    with pytest.raises(PendingCallError):
        batch.reset()
    gate.write_bytes(b"go on")
    held()
    with pytest.raises(PendingCallError):
        batch.step(np.zeros(4, np.int64))
    batch.reset()
    assert batch.step(np.zeros(4, np.int64))[0][:, 1].tolist() == [1] * 4


def test_late_result_is_not_the_last_observation(make_batch, gate, is_gone):
    batch = make_batch(restarts=1)
    batch.reset()
    promise = batch[0].step(1, blocking=False)
    with pytest.raises(RequestTimeoutError):
        promise.result(0.01)
    again = batch[0].reset(blocking=False)
    gate.write_bytes(b"go on")
    assert again()[0][1] == 0
    assert promise()[0][1] == 1
    os.kill(batch[0].pid, signal.SIGKILL)
    assert is_gone(batch[0].pid, 5)
    observ, _, _, truncated, _ = batch[0].step(0)
    assert truncated
    assert observ[1] == 0, "Its episode began after the late step."


def test_late_reset_of_some_leaves_the_others_where_they_were(make_batch, gate):
    batch = make_batch(timeout=0.5)
    batch.reset()
    with pytest.raises(RequestTimeoutError) as caught:
        batch.reset(indices=[1], options={"harm": 1})
    assert "environment 1 of the batch" in caught.value.__notes__[-1]
    gate.write_bytes(b"go on")
    batch.reset(indices=[1])
    assert batch.step(np.zeros(4, np.int64))[0][:, 1].tolist() == [1] * 4


@pytest.mark.parametrize("dies", [False, True])
def test_what_has_ended_stays_until_the_promise_is_called(launch, gate, is_gone, dies):
    batch = launch(gate.read_bytes, restarts=1)
    batch.reset()
    if dies:
        os.kill(batch[0].pid, signal.SIGKILL)
        assert is_gone(batch[0].pid, 5)
    promise = batch.step(np.array([0, 0, 1, 0]), blocking=False)
    with pytest.raises(RequestTimeoutError):
        promise.result(0.3)  # The first worker has ended, the second one has not.
    for use in (lambda: batch[0].step(0), batch[0].reset):
        with pytest.raises(PendingCallError):
            use()
    gate.write_bytes(b"go on")
    assert promise()[0][:, 1].tolist() == [0, 0, 1, 1] if dies else [1, 1, 1, 1]
    batch.reset()
    assert batch[0].step(0)[0][1] == 1


def test_what_is_given_up_twice_is_not_late_again(launch, gate):
    """By the reset that goes on from it, and by whoever drops its promise later."""
    batch = launch(gate.read_bytes, workers=1)
    batch.reset()
    late = batch.step(np.array([1, 0, 0, 0]), blocking=False)
    with pytest.raises(RequestTimeoutError):
        late.result(0)
    again = batch.reset(blocking=False)
    del late
    gate.write_bytes(b"go on")
    again()
    assert batch[1].step(0)[0][1] == 1
