import itertools

import pytest

from rltools.bench import measurement
from rltools.bench.measurement import Measurement, step_for, warm_up_and_step


class Clock:
    """A clock of which each step takes a second, and looking at it nothing."""

    def __init__(self):
        self.now = 0.0

    def step(self, action):
        self.now += 1.0


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(measurement.time, "perf_counter", lambda: clock.now)
    return clock


def test_rate():
    assert Measurement(steps=30, seconds=1.5, start_seconds=9.0).steps_per_second == 20


@pytest.mark.parametrize(("seconds", "calls"), [(0.1, 1), (1.0, 1), (2.5, 3), (4, 4)])
def test_the_last_step_is_completed_and_counted_in_full(clock, seconds, calls):
    assert step_for(seconds, clock.step, itertools.repeat(None)) == (calls, calls)


def test_actions_come_in_their_order():
    taken = []
    actions = iter("abcdef")
    calls, _ = step_for(1e-9, taken.append, actions)
    assert (taken, calls) == (["a"], 1)
    assert next(actions) == "b"


def test_the_warm_up_is_not_counted(clock):
    calls, seconds = warm_up_and_step(8.0, clock.step, ["only"])
    # Step:    1 2 3 4 5 6 7 8 9 10
    # Counted:     x x x x x x x x
    assert (calls, seconds, clock.now) == (8, 8.0, 10.0)


def test_actions_begin_again(clock):
    taken = []

    def step(action):
        clock.step(action)
        taken.append(action)

    warm_up_and_step(4.0, step, [1, 2])
    assert taken == [1, 2, 1, 2, 1]
