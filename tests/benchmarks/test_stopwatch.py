import pytest

from benchmarks import stopwatch
from benchmarks.stopwatch import Stopwatch, total


class Worker:
    def __init__(self, clock):
        self.clock = clock

    def work(self, seconds, *, result=None):
        self.clock.now += seconds
        return result

    def fail(self):
        raise ValueError("no")


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(stopwatch, "clock", clock)
    return clock


def test_times_what_it_follows_and_nothing_else(clock):
    watch, worker, other = Stopwatch(), Worker(clock), Worker(clock)
    watch.follow(worker, "work")
    assert worker.work(2, result="done") == "done"
    other.work(5)
    worker.work(3)
    assert watch.spans == [(0, 2), (7, 10)]
    assert total(watch.spans) == 5


def test_a_call_that_fails_is_no_span(clock):
    watch, worker = Stopwatch(), Worker(clock)
    watch.follow(worker, "fail")
    with pytest.raises(ValueError, match="no"):
        worker.fail()
    assert watch.spans == []


def test_spans_between_two_moments(clock):
    watch, worker = Stopwatch(), Worker(clock)
    watch.follow(worker, "work")
    for _ in range(4):
        worker.work(1)
    assert watch.between(1, 3) == [(1, 2), (2, 3)]
    assert watch.between(0.5, 2.5) == [(1, 2)]
    assert total(watch.between(3.5, 9)) == 0
