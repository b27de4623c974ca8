import pytest

from rltools.checks.check import Hint, SkipCheck, check, run_checks
from rltools.checks.report import Report, Result
from rltools.errors import CheckFailedError, InvalidOptionError, MissingKeyError


def make(name, *lines, needs=(), error=None):
    @check(name, f"law {name}", needs=needs)
    def law(subject):
        yield from lines
        subject.append(name)
        if error:
            raise error

    return law


def run(*checks, exclude=()):
    order = []
    return run_checks(order, checks, name="it", exclude=exclude), order


def test_outcomes():
    report, order = run(
        make("A"),
        make("B", "one", "two"),
        make("C", error=SkipCheck("no episode ended")),
        make("D", Hint("Better so."), "three"),
        make("E", Hint("Better so.")),
    )
    assert order == ["A", "B", "C", "D", "E"]
    assert [each.outcome for each in report] == [
        *("passed", "failed", "skipped", "failed", "passed")
    ]
    assert report["B"].violations == ("one", "two")
    assert report["B"].reason == "one\ntwo"
    assert report["C"].reason == "no episode ended"
    assert report["D"].violations == ("three",)
    assert report["D"].reason == "three\nBetter so."
    assert report["E"].reason == "Better so."
    assert [each.name for each in report.failed] == ["B", "D"]
    assert [each.name for each in report.skipped] == ["C"]
    assert [each.name for each in report.passed] == ["A", "E"]
    assert len(report) == 5


def test_exception_is_a_violation_that_names_its_place():
    report, _ = run(make("A", error=ZeroDivisionError("by zero\nand more")))
    [line] = report["A"].violations
    assert line.startswith("raised ZeroDivisionError: by zero (")
    assert line.endswith(", in law)")
    assert "test_check.py, line " in line


def test_needs_run_first_and_keep_their_place():
    report, order = run(make("A", needs=["B"]), make("B"))
    assert order == ["B", "A"]
    assert [each.name for each in report] == ["A", "B"]


def test_what_needs_a_failed_check_is_skipped_all_the_way():
    report, order = run(
        make("A", "wrong"),
        make("B", needs=["A"]),
        make("C", needs=["B"]),
        make("D"),
    )
    assert order == ["A", "D"]
    assert [each.outcome for each in report] == [
        *("failed", "skipped", "skipped", "passed")
    ]
    assert report["B"].reason == "means nothing while A fails"
    assert report["C"].reason == "means nothing while A fails"


def test_two_roots_are_both_named():
    report, _ = run(make("A", "wrong"), make("B", "wrong"), make("C", needs=["A", "B"]))
    assert report["C"].reason == "means nothing while A and B fail"


@pytest.mark.parametrize("error", [SkipCheck("could not be"), None])
def test_a_skipped_need_stops_nothing(error):
    exclude = () if error else ("A",)
    report, order = run(make("A", error=error), make("B", needs=["A"]), exclude=exclude)
    assert report["A"].outcome == "skipped"
    assert report["A"].reason == ("could not be" if error else "excluded by the caller")
    assert report["B"].outcome == "passed"
    assert order == (["A", "B"] if error else ["B"])


@pytest.mark.parametrize("exclude", [["A", "X"], "A", ["X"]])
def test_unknown_names_are_refused(exclude):
    with pytest.raises(InvalidOptionError, match=r"exclude: expected .*\(A\), got"):
        run(make("A"), exclude=exclude)


@pytest.mark.parametrize("exclude", [["l3", "X"], "l3"])
def test_names_in_lower_case_are_understood(exclude):
    with pytest.raises(InvalidOptionError, match=r"got .*l3.* \(did you mean L3\?\)"):
        run(make("L3"), exclude=exclude)


def test_progress_tells_what_runs():
    told = []
    checks = make("A", "wrong"), make("B", needs=["A"]), make("C"), make("D")
    run_checks([], checks, name="it", exclude=["C"], progress=told.append)
    assert told == ["A law A (1 of 4)", "D law D (4 of 4)"]


RESULTS = [
    Result("A", "law A", "passed"),
    Result("B", "law B", "failed", ("one", "two\nlines", "three", "four", "five")),
    Result("C", "law C", "skipped", note="no time"),
]


def test_report_as_text():
    assert (
        str(Report("it", RESULTS))
        == """\
it: 1 passed, 1 failed, 1 skipped
  B failed: law B
    one
    two
    lines
    three
    ... and 2 more of the kind
  C skipped: law C
    no time"""
    )
    expected = "<Report it: 1 passed, 1 failed, 1 skipped>"
    assert repr(Report("it", RESULTS)) == expected


def test_raise_on_failure():
    report = Report("it", RESULTS)
    with pytest.raises(
        CheckFailedError, match="it fails 1 of 3 checks:\n  B"
    ) as caught:
        report.raise_on_failure()
    assert caught.value.failed == ["B"]
    assert isinstance(caught.value, AssertionError)
    sound = Report("it", [RESULTS[0], RESULTS[2]])
    assert sound.raise_on_failure() is sound


def test_report_as_json():
    assert Report("it", RESULTS).as_dict() == {
        "subject": "it",
        "passed": 1,
        "failed": 1,
        "skipped": 1,
        "results": [
            {
                "name": name,
                "title": f"law {name}",
                "outcome": outcome,
                "violations": violations,
                "note": note,
            }
            for name, outcome, violations, note in [
                ("A", "passed", (), ""),
                ("B", "failed", RESULTS[1].violations, ""),
                ("C", "skipped", (), "no time"),
            ]
        ],
    }


def test_unknown_result():
    with pytest.raises(MissingKeyError, match=r"No check is named 'X'.*: A, B, C\."):
        Report("it", RESULTS)["X"]


@pytest.mark.parametrize("error", [SkipCheck("no mode"), ZeroDivisionError("by zero")])
def test_what_was_found_before_stays_found(error):
    report, _ = run(make("A", "one", error=error))
    assert report["A"].outcome == "failed"
    assert report["A"].violations[0] == "one"
    raised = [line for line in report["A"].violations if line.startswith("raised")]
    assert len(raised) == isinstance(error, ZeroDivisionError)
