import sys

import pytest

from benchmarks import contest_rounds
from benchmarks.contest import Contender, Result
from rltools.bench.apart import Outcome

MEASURE = "tests.benchmarks.elsewhere_functions:measure"


def contender(label, **options):
    return Contender(label, f"library of {label}", sys.executable, MEASURE, options)


@pytest.fixture
def answers(monkeypatch):
    """What the processes of contenders answer, in their order; and what they got."""
    given, asked = [], []

    def run(python, function, arguments, *, seconds):
        asked.append((arguments["name"], arguments, seconds))
        return given.pop(0) if given else Outcome({"steps": 1, "seconds": [1.0]})

    monkeypatch.setattr(contest_rounds, "run_elsewhere", run)
    return given, asked


def hold(names, rounds, report=lambda line: None):
    contenders = [contender(name, name=name) for name in names]
    task = {"size": 3}
    return contest_rounds.hold(
        "work", contenders, task, rounds=rounds, limit=9, report=report
    )


def test_all_take_turns_in_an_order_that_changes(answers):
    _, asked = answers
    lines = []
    contest = hold("abc", rounds=3, report=lines.append)
    assert [name for name, _, _ in asked] == list("abcbcacab")
    assert lines[3] == "work, round 2 of 3: b"
    assert all(arguments["size"] == 3 for _, arguments, _ in asked)
    assert {seconds for _, _, seconds in asked} == {9}
    assert [len(row.results) for row in contest.rows] == [3, 3, 3]
    assert contest["a"].library == "library of a"
    assert (contest.name, contest.task) == ("work", {"size": 3})


def test_who_fails_leaves_and_the_others_go_on(answers):
    given, asked = answers
    good = Outcome({"steps": 1, "seconds": [1.0]})
    given.extend([good, good, Outcome(problem="it broke")])
    contest = hold("ab", rounds=3)
    assert [name for name, _, _ in asked] == list("abbaa")
    assert contest["b"].problem == "it broke"
    assert [len(row.results) for row in contest.rows] == [3, 1]


def test_a_missing_package_is_told_as_such(answers):
    given, _ = answers
    given.append(Outcome(problem="ModuleNotFoundError: No module named 'sbx.ppo'"))
    assert hold("a", rounds=1)["a"].problem == "sbx is not installed"


def test_what_is_left_behind_is_told(answers):
    given, _ = answers
    for note in ("", "a note"):
        values = {"steps": 1, "seconds": [1.0], "note": note}
        given.append(Outcome(values, None, 2))
    assert hold("a", rounds=2)["a"].notes == [
        "left 2 processes behind",
        "a note, left 2 processes behind",
    ]


@pytest.mark.timeout(60)
def test_with_processes():
    good = contender("good", note="fine")
    bad = contender("bad", problem="out of luck")
    contest = contest_rounds.hold(
        "work",
        [good, bad],
        {"steps": 4, "seconds": [2.0]},
        rounds=2,
        limit=30,
        report=lambda line: None,
    )
    assert contest["good"].results == (Result(4, [2.0], note="fine"),) * 2
    assert contest["bad"].problem == "ValueError: out of luck"
