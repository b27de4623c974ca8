import dataclasses
from dataclasses import dataclass

import pytest

from rltools.bench import rounds
from rltools.bench.apart import Outcome
from rltools.bench.contender import Contender, Task
from rltools.bench.measurement import Measurement
from rltools.bench.rounds import compare, rotate

TASK = Task("CartPole-v1", 4, [], 0.25)


@dataclass(frozen=True)
class Fake(Contender):
    problem: str | None = None

    def measure(self, task):
        raise AssertionError("only run apart")


@pytest.fixture
def calls(monkeypatch):
    """The contenders that were measured, in order; nothing is really run."""
    calls = []

    def run_apart(function, task, seconds):
        fake = function.__self__
        assert task is TASK
        assert seconds > TASK.seconds
        calls.append(fake.name)
        if fake.problem:
            return Outcome(problem=fake.problem)
        return Outcome(
            Measurement(len(calls), 1.0, 0.0), left_behind=3 * (fake.name == "c")
        )

    monkeypatch.setattr(rounds, "run_apart", run_apart)
    return calls


def ignore(line):
    pass


def test_everyone_once_in_each_round_in_another_order(calls):
    fakes = [Fake(name, "gymnasium") for name in "abc"]
    comparison = compare("work", fakes, TASK, rounds=3, report=ignore)
    # Round:          1   2   3
    assert calls == [*"abc", *"bca", *"cab"]
    assert [row.contender for row in comparison.rows] == ["a", "b", "c"]
    assert [one.steps for one in comparison["a"].measurements] == [1, 6, 8]
    assert (comparison.workload, comparison.num_envs, comparison.seconds) == (
        "work",
        4,
        0.25,
    )


def test_whoever_fails_leaves_and_says_why(calls):
    fakes = [Fake("a", "gymnasium"), Fake("b", "gymnasium", "too slow")]
    comparison = compare("work", fakes, TASK, rounds=3, report=ignore)
    assert calls.count("b") == 1
    assert comparison["b"].problem == "too slow"
    assert len(comparison["a"].measurements) == 3


def test_who_is_not_installed_is_not_run(calls):
    fakes = [Fake("a", "no_such_package.of_mine")]
    comparison = compare("work", fakes, TASK, rounds=2, report=ignore)
    assert calls == []
    assert comparison["a"].problem == "not installed"


def test_processes_that_were_left_behind_are_told(calls):
    comparison = compare(
        "work", [Fake("c", "gymnasium")], TASK, rounds=1, report=ignore
    )
    assert comparison["c"].notes == ["left 3 processes behind"]


def test_reports_before_each_measurement(calls):
    lines = []
    fakes = [Fake("a", "gymnasium"), Fake("b", "gymnasium")]
    compare("work", fakes, TASK, rounds=2, report=lines.append)
    assert lines[0] == "work, round 1 of 2: a"
    assert [line[-1] for line in lines] == calls


@pytest.mark.parametrize("places", range(7))
def test_rotation_loses_nobody(places):
    values = [1, 2, 3]
    assert sorted(rotate(values, places)) == values
    assert rotate(values, places)[0] == values[places % 3]
    assert rotate([], places) == []


def test_tasks_do_not_change():
    with pytest.raises(dataclasses.FrozenInstanceError):
        TASK.num_envs = 5
