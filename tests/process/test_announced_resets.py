"""Resets without arguments, which need no message to any worker.

Observations are (number, steps in the episode, process id), see conftest.py. An action
of 1 arms an environment: its next reset does harm.
"""

import contextlib
import os
import signal
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import cloudpickle
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rltools import BatchEnv
from rltools.batching.fleet_group import FleetGroup
from rltools.errors import (
    NotPicklableError,
    PendingCallError,
    RemoteError,
    RequestTimeoutError,
    ResetNeededError,
    WorkerDiedError,
)
from rltools.process.channel import WorkerChannel
from rltools.wrappers import ExternalProcess
from tests.process.conftest import FaultyEnv

cloudpickle.register_pickle_by_value(sys.modules[__name__])
pytestmark = pytest.mark.timeout(60)


class Armed(FaultyEnv):
    """Tells the number of its episode when that begins, but for those of number 0."""

    def __init__(self, number=0, harm=None):
        super().__init__(number, harm)
        self.is_armed = False
        self.episode = 0

    def reset(self, *, seed=None, options=None):
        was_armed, self.is_armed = self.is_armed, False
        told = self.harm() if was_armed else None
        self.episode += 1
        observ, info = super().reset(seed=seed)
        return observ, info if not self.number else {"episode": self.episode} | (
            told or {}
        )

    def step(self, action):
        self.is_armed |= bool(action)
        return super().step(0)


def raise_value_error():
    raise ValueError("the arm is stuck")


def kill_self():
    os.kill(os.getpid(), signal.SIGKILL)


def hang():
    threading.Event().wait()


def interrupt_parent():
    """Press Ctrl-C once the parent sleeps, and go on a little later."""
    stat = Path(f"/proc/{os.getppid()}/stat")
    while stat.read_text().rpartition(")")[2].split()[0] != "S":
        os.sched_yield()
    os.kill(os.getppid(), signal.SIGINT)
    time.sleep(0.5)


def tell_a_lock():
    return {"lock": threading.Lock()}


def actions(*ones):
    return np.isin(np.arange(4), ones).astype(np.int64)


@pytest.fixture
def ready(launch, monkeypatch):
    """A function that launches a batch and steps it, so that a reset is announced."""
    monkeypatch.setattr("rltools.process.pace.usable_cores", lambda: {0, 1})

    def ready(harm=None, *, armed=(), **options):
        batch = launch(harm, env=Armed, **options)
        batch.reset()
        batch.step(actions(*armed)[: len(batch)])
        return batch

    return ready


def sent(batch):
    """How many messages each worker has been sent, but for those that only wake it."""
    [group] = batch._groups.all
    assert isinstance(group, FleetGroup)
    return [
        channel._transport._exchange.sent - woken[channel]
        for channel in group.lockstep.channels
    ]


woken = Counter()


@pytest.fixture(autouse=True)
def counted(monkeypatch):
    wake = WorkerChannel.wake

    def wake_and_count(channel):
        woken[channel] += 1
        wake(channel)

    monkeypatch.setattr(WorkerChannel, "wake", wake_and_count)
    yield
    woken.clear()


@pytest.mark.parametrize("count", [2, 4])
def test_it_needs_no_message(ready, count):
    batch = ready(count=count, restarts=int(count == 2))
    before = sent(batch)
    assert batch.reset()[0][:, 1].tolist() == [0] * count
    assert batch.reset(indices=[1])[0][:, 1].tolist() == [0]
    mask = np.arange(count) == 1
    assert batch.reset(options={"reset_mask": mask})[0][:, 1].tolist() == [0] * count
    assert batch.step(actions()[:count])[0][:, 1].tolist() == [1] * count
    assert sent(batch) == before


@pytest.mark.parametrize("how", [{"seed": 3}, {"options": {"harm": 9}}])
def test_arguments_are_a_message(ready, how):
    batch = ready()
    before = sent(batch)
    batch.reset(**how)
    assert sent(batch) == [number + 1 for number in before]


def test_workers_that_share_cores_are_left_alone_if_nothing_is_to_be_reset(
    monkeypatch, launch
):
    monkeypatch.setattr("rltools.process.pace.usable_cores", lambda: {0})
    batch = launch()
    batch.reset()
    batch.step(actions())
    before = sent(batch)
    batch.reset(indices=[3])
    assert sent(batch) == [before[0], before[1] + 1]


@given(
    st.lists(
        st.one_of(st.just("step"), st.sets(st.integers(0, 4), min_size=1)), max_size=20
    ),
    st.sampled_from([0, 1]),
    st.booleans(),
)
def test_equals_a_batch_of_this_process(uses, restarts, some_here):
    """Equals a model: the same observations and infos, whatever is reset."""
    makes = [lambda number=number: Armed(number) for number in range(5)]

    def make_batch():
        if not some_here:
            return BatchEnv.launch(makes, workers=2, restarts=restarts)
        away = [ExternalProcess(make, restarts=restarts) for make in makes[:2]]
        return BatchEnv([*away, *(make() for make in makes[2:])])

    with (
        contextlib.closing(BatchEnv.launch(makes, workers=0)) as model,
        contextlib.closing(make_batch()) as batch,
    ):
        for use in ["step", *uses] if batch.reset() and model.reset() else []:
            if use == "step":
                results = [each.step(np.zeros(5, np.int64)) for each in (batch, model)]
            else:
                rows = sorted(use, reverse=True)
                results = [each.reset(indices=rows) for each in (batch, model)]
            (observ, *_, infos), (expected, *_, expected_infos) = results
            assert observ[:, :2].tolist() == expected[:, :2].tolist()
            assert infos.keys() == expected_infos.keys()
            for key, values in infos.items():
                assert values.tolist() == expected_infos[key].tolist()


@pytest.mark.parametrize("restarts", [0, 1])
def test_fault_01_environment_raises_in_its_reset(ready, restarts):
    batch = ready(raise_value_error, armed=[2], restarts=restarts)
    with pytest.raises(RemoteError, match="the arm is stuck") as caught:
        batch.reset(indices=[0, 2, 3])
    error = caught.value
    assert (error.worker, error.env, error.command) == (1, 2, "reset")
    assert error.original_type == "ValueError"
    assert "in raise_value_error" in error.remote_traceback
    with pytest.raises(ResetNeededError, match=r"\[2\]"):
        batch.step(actions())
    batch.reset(indices=[2])
    assert batch.step(actions())[0][:, 1].tolist() == [1, 2, 1, 1]


def test_fault_03_worker_dies_in_a_reset(ready):
    batch = ready(kill_self, armed=[2])
    with pytest.raises(WorkerDiedError, match=r"'reset' \(after 1 steps\)") as caught:
        batch.reset(indices=[0, 2])
    assert (caught.value.worker, caught.value.exit_code) == (1, -signal.SIGKILL)
    with pytest.raises(ResetNeededError, match=r"\[2\]"):
        batch.step(actions())
    with pytest.raises(WorkerDiedError):
        batch.reset(indices=[2])
    assert batch.reset(indices=[0, 1])[0][:, 1].tolist() == [0, 0]


def test_worker_that_dies_while_others_are_reset_is_told_by_the_next_step(
    ready, is_gone
):
    batch = ready()
    os.kill(batch.worker_pids[1], signal.SIGKILL)
    assert is_gone(batch.worker_pids[1], 5)
    assert batch.reset(indices=[0, 1])[0][:, 1].tolist() == [0, 0]
    with pytest.raises(WorkerDiedError) as caught:
        batch.step(actions())
    assert caught.value.worker == 1


@pytest.mark.parametrize("harm", [kill_self, hang])
def test_fault_33_worker_comes_back_and_resets_again(ready, harm):
    """Only what was not reset has lost an episode."""
    batch = ready(harm, armed=[2], restarts=1, timeout=1.0)
    first = batch.worker_pids
    observ, infos = batch.reset(indices=[0, 2])
    assert observ[:, :2].tolist() == [[0, 0], [2, 0]]
    assert observ[:, 2].tolist() == [*batch.worker_pids]
    assert batch.worker_pids[0] == first[0] != first[1] != batch.worker_pids[1]
    assert infos["episode"].tolist() == [0, 0, 1, 0]  # The first one of a new life.
    observ, _, _, truncated, infos = batch.step(actions())
    assert truncated.tolist() == [False, False, False, True]
    assert infos["worker_restarted"].tolist() == [False, False, False, True]
    assert observ[:, 1].tolist() == [1, 2, 1, 1]  # The last one of the lost episode.
    batch.reset(indices=[3])
    assert batch.step(actions())[0][:, 1].tolist() == [2, 3, 2, 1]
    before = sent(batch)
    batch.reset(indices=[0, 2])
    assert batch.step(actions())[0][:, 1].tolist() == [1, 4, 1, 2]
    assert sent(batch) == before


@pytest.mark.parametrize("begins", [False, True])
def test_fault_33_only_an_episode_that_has_begun_is_lost(ready, is_gone, begins):
    batch = ready(raise_value_error, armed=[2], restarts=1)
    before = sent(batch)
    with pytest.raises(RemoteError):
        batch.reset(indices=[2])
    if begins:
        batch.reset(indices=[2])
    assert sent(batch) == before
    os.kill(batch.worker_pids[1], signal.SIGKILL)
    assert is_gone(batch.worker_pids[1], 5)
    assert batch[3].step(0)[3]
    truncated, info = batch[2].step(0)[3:]
    assert (truncated, info.get("worker_restarted", False)) == (begins, begins)


def test_fault_06_reset_hangs_for_longer_than_the_timeout(ready):
    batch = ready(hang, armed=[3], timeout=0.5)
    started = time.monotonic()
    with pytest.raises(RequestTimeoutError, match=r"'reset'.*0\.5") as caught:
        batch.reset(indices=[1, 3])
    assert time.monotonic() - started < 5
    assert (caught.value.worker, caught.value.command) == (1, "reset")
    with pytest.raises(ResetNeededError, match=r"\[3\]"):
        batch.step(actions())
    assert batch.reset(indices=[0])[0][:, 1].tolist() == [0]


def test_fault_12_info_that_can_not_be_sent(ready):
    batch = ready(tell_a_lock, armed=[1], count=4)
    with pytest.raises(NotPicklableError, match="reset"):
        batch.reset(indices=[1, 2])
    batch.reset()
    assert batch.step(actions())[0][:, 1].tolist() == [1] * 4


@pytest.mark.parametrize("restarts", [0, 1])
def test_fault_21_after_an_interrupt_all_can_be_reset(ready, restarts):
    batch = ready(interrupt_parent, armed=[2], restarts=restarts)
    with pytest.raises(KeyboardInterrupt):
        batch.reset(indices=[2])
    with pytest.raises(ResetNeededError, match=r"\[2\]"):
        batch.step(actions())
    batch.reset()
    assert batch.step(actions())[0][:, 1].tolist() == [1] * 4


def test_fault_21_workers_with_nothing_to_reset_are_not_late_for_long(ready):
    batch = ready(interrupt_parent, armed=[2])
    with pytest.raises(KeyboardInterrupt):
        batch.reset(indices=[2])
    batch.reset(indices=[2])
    assert batch.step(actions())[0][:, 1].tolist() == [2, 2, 1, 2]
    for env in batch.envs:  # None of which is late.
        env.step(0)


def test_fault_21_a_batch_that_waits_for_each_gives_up_what_is_interrupted(ready):
    makes = [
        lambda number=number: Armed(number, interrupt_parent) for number in range(2)
    ]
    envs = [ExternalProcess(make) for make in makes]
    with contextlib.closing(BatchEnv(envs, blocking=True)) as batch:
        batch.reset()
        batch.step(np.array([0, 1]))
        with pytest.raises(KeyboardInterrupt):
            batch.reset(indices=[1])
        with pytest.raises(PendingCallError):
            batch[1].step(0)  # It may still be reset.
        batch.reset(indices=[1])
        assert batch.step(np.zeros(2, np.int64))[0][:, 1].tolist() == [2, 1]
