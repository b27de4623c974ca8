"""The faster of two ways is found, whatever else changes meanwhile."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rltools.process.contest import Contest

STRETCH = 8


def go(contest, stretches, seconds):
    """Ways gone in some stretches, of which each time takes `seconds(way, time)`."""
    ways = []
    for number in range(stretches):
        ways.append(contest.way)
        contest.note([seconds(contest.way, number)] * STRETCH)
    return ways


@given(
    times=st.tuples(*[st.floats(1e-6, 1.0)] * 2),
    drift=st.floats(1.0, 1.0001),
)
def test_goes_the_faster_way_most_of_the_time(times, drift):
    """Law: unless they hardly differ, nine of ten stretches go the faster way."""
    ways = go(Contest(), 1000, lambda way, number: times[way] * drift**number)
    faster = int(times[1] < times[0])
    ratio = times[1 - faster] / times[faster]
    if ratio > 1.1:
        assert ways.count(faster) >= 900
    elif ratio < 1.02:
        assert ways.count(0) >= 900  # No change for nothing.


def test_both_ways_have_equal_turns_one_after_the_other():
    assert go(Contest(), 8, lambda way, _: 1.0) == [0, 1] * 4


def test_follows_when_the_other_way_becomes_faster():
    contest = Contest()
    go(contest, 500, lambda way, _: (1.0, 2.0)[way])
    ways = go(contest, 3000, lambda way, _: (2.0, 1.0)[way])
    assert ways[-1000:].count(1) >= 980


def test_single_long_times_do_not_count():
    contest = Contest()
    for number in range(8):
        seconds = [(1.0, 0.5)[contest.way]] * STRETCH
        seconds[number] = 100.0  # Such as an update between two steps.
        contest.note(seconds)
    assert contest.way == 1


@pytest.mark.parametrize("seconds", [[], [5.0], [5.0, 5.0]])
def test_stretches_that_are_too_short_are_left_out(seconds):
    contest = Contest()
    contest.note(seconds)
    assert contest.way == 0
    assert go(contest, 8, lambda way, _: (2.0, 1.0)[way]) == [0, 1] * 4
    assert contest.way == 1
