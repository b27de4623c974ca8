import multiprocessing
import threading

import gymnasium as gym
import pytest

from rltools.checks.batches.guarded_batch import GuardedBatch
from rltools.errors import RequestTimeoutError

pytestmark = pytest.mark.timeout(60)


class Quiet(gym.vector.VectorEnv):
    hangs = False
    closings = 0

    def reset(self, *, seed=None, options=None):
        if self.hangs:
            threading.Event().wait()
        return seed, options

    def close(self, **kwargs):
        self.closings += 1
        if self.hangs:
            threading.Event().wait()


def wait_for_ever():
    threading.Event().wait()


class WithProcess(Quiet):
    def __init__(self):
        context = multiprocessing.get_context("fork")
        self.process = context.Process(target=wait_for_ever)
        self.process.start()


class FailsHalfway(WithProcess):
    def __init__(self):
        super().__init__()
        raise OSError("No more.")


def test_passes_calls_on():
    batch = GuardedBatch(Quiet, seconds=5)
    assert batch.reset(seed=3) == (3, None)
    batch.close()
    assert batch.env.closings == 1


def test_what_must_raise():
    batch = GuardedBatch(Quiet, seconds=5)
    assert batch.must_raise("this", lambda: batch.reset(other=1)) == []
    assert not batch.spoiled
    [line] = batch.must_raise("this", batch.reset)
    assert line == "this: expected an error, got none"
    assert batch.spoiled


def test_what_must_raise_may_hang():
    batch = GuardedBatch(Quiet, seconds=0.1)
    batch.env.hangs = True
    [line] = batch.must_raise("this", batch.reset)
    assert "expected an error, but it did not come back within 0.1 seconds" in line
    assert batch.spoiled


def test_a_close_that_hangs_is_ended_and_not_tried_again():
    batch = GuardedBatch(Quiet, seconds=0.1)
    batch.env.hangs = True
    with pytest.raises(RequestTimeoutError, match="close did not come back"):
        batch.close()
    assert batch.env.closed


def test_who_hung_once_is_given_less_time():
    batch = GuardedBatch(Quiet, seconds=1.5)
    batch.env.hangs = True
    for seconds in (1.5, 1):
        with pytest.raises(RequestTimeoutError, match=f"within {seconds} seconds"):
            batch.reset()


@pytest.mark.filterwarnings("ignore")  # That a process with threads forks.
def test_processes_end_with_the_batch():
    batch = GuardedBatch(WithProcess, seconds=5)
    batch.close()
    assert not batch.env.process.is_alive()


@pytest.mark.filterwarnings("ignore")
def test_processes_end_where_making_it_fails():
    before = set(multiprocessing.active_children())
    with pytest.raises(OSError, match="No more"):
        GuardedBatch(FailsHalfway, seconds=5)
    assert set(multiprocessing.active_children()) == before
