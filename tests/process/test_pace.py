"""How to wait follows from how long steps and pauses take."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rltools.process import pace as pace_module
from rltools.process.pace import Pace
from rltools.process.patience import LONG

CORES = 4


class Clock:
    """Seconds that pass only if told to."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture(scope="module", autouse=True)
def clock():
    """The clock of a machine of so many cores."""
    clock = Clock()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "monotonic", clock)
        patch.setattr(pace_module, "usable_cores", lambda: range(CORES))
        yield clock


def go_on(clock, *, workers, working, pause, steps=32):
    """What is learnt from some steps that take each worker or core the same time."""
    pace = Pace(workers)
    for _ in range(steps):
        pace.begin(is_reset=False)
        clock.now += working
        pace.end()
        clock.now += pause
    on_a_core = max(1, workers // CORES)
    pace.judge([int(working * 1e9 / on_a_core)] * workers)
    return pace


WORKERS = st.sampled_from([1, CORES - 1, CORES, 2 * CORES])
TIMES = st.floats(1e-6, 0.1)


@given(workers=WORKERS, working=TIMES, pause=TIMES)
def test_sleeps_through_a_wait_only_if_it_is_long_and_never_past_its_end(
    clock, workers, working, pause
):
    pace = go_on(clock, workers=workers, working=working, pause=pause)
    pace.begin(is_reset=False)
    if pace.awake_from:
        assert LONG <= working < 25e-3
        assert not pace.is_crowded
        assert pace.yields_for, "Or the nap was in vain."
        assert 0 < pace.awake_from - clock.now < working
    elif not pace.is_crowded:
        assert working < LONG * 1.001 or working > 24.9e-3
    pace.begin(is_reset=True)
    assert not pace.awake_from, "Nobody knows how long resets take."


@given(workers=WORKERS, working=TIMES)
def test_workers_do_not_yield_through_long_pauses(clock, workers, working):
    pace = go_on(clock, workers=workers, working=working, pause=2 * LONG)
    assert not pace.workers_yield_for


@given(workers=WORKERS)
def test_everybody_yields_where_waits_and_pauses_are_short(clock, workers):
    pace = go_on(clock, workers=workers, working=20e-6, pause=20e-6)
    assert pace.yields_for == pace.workers_yield_for == LONG
    assert not pace.awake_from
