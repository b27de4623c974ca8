"""Workers that have been tried are given up only if they are really slower."""

import contextlib
import itertools
import time

import gymnasium as gym
import numpy as np
import pytest

from rltools import BatchEnv
from rltools.launching import launch, pinning
from rltools.process.measuring import StepTime

pytestmark = pytest.mark.timeout(60)

STEP = 200e-6
COUNT = 8


class Busy(gym.Env):
    """Works for some time in each step."""

    observation_space = gym.spaces.Box(0, 1, (2,), np.float64)
    action_space = gym.spaces.Discrete(2)

    def reset(self, *, seed=None, options=None):
        return np.zeros(2), {}

    def step(self, action):
        end = time.thread_time() + STEP
        while time.thread_time() < end:
            pass
        return np.zeros(2), 0.0, False, False, {}


@pytest.fixture
def launch_with(monkeypatch):
    """A function from what is measured, as often as it is, to the launched batch."""
    with contextlib.ExitStack() as stack:

        def launch_with(*, trials, steps):
            trials, steps = iter(trials), iter(steps)

            def measure(*_):
                return StepTime(next(steps), 1.0)

            for module in (launch, pinning):
                monkeypatch.setattr(module, "measure_step", measure)
            monkeypatch.setattr(
                pinning.Trial, "seconds_per_step", lambda *_: next(trials)
            )
            monkeypatch.setattr(launch, "usable_cores", lambda: [0, 1])
            batch = BatchEnv.launch(Busy, COUNT, workers="auto")
            return stack.enter_context(contextlib.closing(batch))

        yield launch_with


FAST, SLOW = COUNT * STEP / 2, COUNT * STEP * 2
FIRST_TRIALS = 11


def test_a_disturbance_during_the_trial_is_not_taken_for_slow_workers(launch_with):
    trials = itertools.chain([SLOW] * FIRST_TRIALS, itertools.repeat(FAST))
    batch = launch_with(trials=trials, steps=itertools.repeat(STEP))
    assert batch.plan.workers > 0


def test_nor_is_a_machine_that_has_become_slower(launch_with):
    steps = itertools.chain([STEP], itertools.repeat(4 * STEP))
    batch = launch_with(trials=itertools.repeat(SLOW), steps=steps)
    assert batch.plan.workers > 0


def test_workers_that_are_slower_are_given_up(launch_with):
    batch = launch_with(trials=itertools.repeat(SLOW), steps=itertools.repeat(STEP))
    assert batch.plan.workers == 0
    assert "workers have been tried" in batch.plan.reason
    assert batch.worker_pids == ()


def test_workers_that_are_faster_are_not_tried_again(launch_with):
    batch = launch_with(trials=[FAST] * FIRST_TRIALS, steps=[STEP])
    assert batch.plan.workers > 0
