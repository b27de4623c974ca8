"""Whatever a signal handler does, and wherever, nothing hangs and nothing is wrong.

Some of the lines are tried: always the same, or with `RLTOOLS_SOAK` in the environment
others in every run.
"""

import itertools
import os
import random
import signal
import time

import gymnasium as gym
import numpy as np
import pytest

from rltools import BatchEnv
from rltools.errors import ClosedError, PendingCallError, WorkerDiedError
from rltools.process.pace import Pace
from rltools.wrappers import ExternalProcess
from tests.process.interrupter import Interrupter

pytestmark = [
    pytest.mark.timeout(600),
    # Python itself drops what is raised while an object is finalized.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

LINES_BETWEEN = 53  # A prime, so that it does not go with a loop.
FIRST = random.randint(1, LINES_BETWEEN) if "RLTOOLS_SOAK" in os.environ else 1
NUM_ENVS = 3
ACTIONS = np.zeros(NUM_ENVS, np.int64)


class Counter(gym.Env):
    """Observes how many steps it has done, and twice that."""

    observation_space = gym.spaces.Box(0, np.inf, (2,), np.float64)
    action_space = gym.spaces.Discrete(2)
    steps = 0

    def reset(self, *, seed=None, options=None):
        self.steps = 0
        return self._observe(), {}

    def step(self, action):
        self.steps += 1
        return self._observe(), 1.0, False, False, {}

    def _observe(self):
        return np.array([self.steps, 2 * self.steps], np.float64)


def observation_of_all(steps):
    return [[number, 2 * number] for number in steps]


def step(batch):
    assert batch.step(ACTIONS)[0].tolist() == observation_of_all([3, 3, 3])


def step_and_nap(batch):
    begin = Pace.begin

    def begin_nap(pace, *, is_reset):
        begin(pace, is_reset=is_reset)
        pace.awake_from = time.monotonic() + 0.02

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Pace, "begin", begin_nap)
        step(batch)


def step_by_promise(batch):
    observ, *_ = batch.step(ACTIONS, blocking=False).result()
    assert observ.tolist() == observation_of_all([3, 3, 3])


def reset_some(batch):
    assert batch.reset(indices=[1])[0].tolist() == observation_of_all([0])


def reset_by_messages(batch):
    observ, _ = batch.reset(seed=1, blocking=False).result()
    assert observ.tolist() == observation_of_all([0, 0, 0])


def step_one(batch):
    assert batch[1].step(0)[0].tolist() == [3, 6]


def call_one(batch):
    assert batch[1].call("get_wrapper_attr", "steps").result() == 2


CALLS = pytest.mark.parametrize(
    "call",
    [
        step,
        step_and_nap,
        step_by_promise,
        reset_some,
        reset_by_messages,
        step_one,
        call_one,
    ],
    ids=lambda call: call.__name__,
)


def in_two_workers(restarts):
    return BatchEnv.launch([Counter] * NUM_ENVS, workers=2, restarts=restarts)


def last_one_here(restarts):
    there = [ExternalProcess(Counter, restarts=restarts) for _ in range(NUM_ENVS - 1)]
    return BatchEnv([*there, Counter()])


@pytest.fixture(params=[in_two_workers, last_one_here], ids=lambda each: each.__name__)
def batches(request, is_gone):
    """Makes batches after two steps; all of their workers are gone in the end."""
    made = []

    def make(restarts=0):
        batch = request.param(restarts)
        made.append((batch, *batch.worker_pids))
        batch.reset()
        batch.step(ACTIONS)
        batch.step(ACTIONS)
        return batch

    def close():
        while made:
            batch, *pids = made.pop()
            batch.close()
            assert all(is_gone(pid, 0) for pid in pids)

    make.close = close
    yield make
    close()


def interruptions(batches, call, act, *, restarts=0, before=None):
    """Interrupt the call of one batch after the other, each at a later line.

    Args:
        batches: The fixture.
        call: What to do with a batch, and what it should come to.
        act: Called with the batch between two lines.
        restarts: Of the workers.
        before: Called with each batch first.

    Yields:
        The batch, the type of the error that the call has come to or None, and where it
        was interrupted.
    """
    for line in itertools.count(FIRST, LINES_BETWEEN):
        batch = batches(restarts)
        interrupter = Interrupter(line, lambda batch=batch: act(batch))
        found = None
        if before is not None:
            before(batch)
        try:
            with interrupter.armed():
                call(batch)
        except BaseException as error:
            found = type(error)  # Its traceback would hold on to promises.
        if interrupter.where is None:
            assert found is None
            assert line > FIRST
            return
        yield batch, found, interrupter.where
        batches.close()


def close_it(batch):
    batch.close()


def interrupt(batch):
    raise KeyboardInterrupt


def check_usable(batch):
    assert batch.reset()[0].tolist() == observation_of_all([0, 0, 0])
    assert batch.step(ACTIONS)[0].tolist() == observation_of_all([1, 1, 1])


@CALLS
def test_signal_handler_may_close_the_batch_anywhere(batches, call):
    for batch, error, where in interruptions(batches, call, close_it):
        assert error in (None, ClosedError), where
        with pytest.raises(ClosedError):
            batch.step(ACTIONS)


@CALLS
def test_signal_handler_may_ask_an_environment_anywhere(batches, call):
    answers = []

    def ask(batch):
        try:
            answers.append(batch[0].call("get_wrapper_attr", "steps").result())
        except PendingCallError as error:
            answers.append(str(error))

    for batch, error, where in interruptions(batches, call, ask):
        assert error is None, where
        answer = answers.pop()
        assert answer in (0, 2, 3) or "in the middle of a message" in answer, where
        check_usable(batch)


@CALLS
def test_ctrl_c_anywhere_leaves_a_batch_that_is_right_or_whose_worker_is_gone(
    batches, call
):
    for batch, error, where in interruptions(batches, call, interrupt):
        assert error in (None, KeyboardInterrupt), where
        told = "was given up"
        try:
            check_usable(batch)
        except WorkerDiedError as death:
            told = str(death)
        assert "was given up" in told, where


@CALLS
def test_ctrl_c_anywhere_leaves_a_batch_that_restarts_what_it_needs(batches, call):
    for batch, _, _ in interruptions(batches, call, interrupt, restarts=2):
        check_usable(batch)


def kill_first(batch):
    os.kill(batch[0].pid, signal.SIGKILL)


def step_after_a_death(batch):
    observ, _, _, truncated, _ = batch.step(ACTIONS)
    # Each worker that has died told the truth about its environments.
    assert truncated.tolist()[::2] == [True, False]
    assert observ[-1].tolist() == [3, 6]


@pytest.mark.slow
def test_signal_handler_may_close_the_batch_during_a_restart(batches):
    found = interruptions(
        batches, step_after_a_death, close_it, restarts=2, before=kill_first
    )
    for _, error, where in found:
        assert error in (None, ClosedError), where
