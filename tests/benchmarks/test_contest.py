import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.contest import Contest, Result, Row
from benchmarks.contest_figures import read_contests, write_contests

positive = st.floats(1e-3, 1e6)
results = st.builds(
    Result,
    st.integers(1, 10**6),
    st.lists(positive, min_size=1, max_size=4),
    st.dictionaries(st.sampled_from(["rollout", "update"]), st.lists(positive)),
    st.dictionaries(st.sampled_from(["start"]), positive),
    st.text(),
)
rows = st.builds(
    Row,
    st.text(min_size=1),
    st.sampled_from(["rltools", "SB3", "SBX"]),
    st.lists(results, max_size=4).map(tuple),
    st.none() | st.text(),
)
contests = st.builds(
    Contest,
    st.text(),
    st.dictionaries(st.text(), st.integers()),
    st.lists(rows, max_size=6).map(tuple),
)


@given(contests)
def test_json_round_trip(contest):
    assert Contest.from_json(json.loads(json.dumps(contest.to_json()))) == contest


@given(contests)
def test_ratio_is_that_of_the_fastest_settings(contest):
    ratio, inverse = contest.ratio("SB3", "SBX"), contest.ratio("SBX", "SB3")
    medians = [
        [row.median for row in contest.rows if row.library == library and row.results]
        for library in ("SB3", "SBX")
    ]
    if not all(medians):
        assert ratio is None
        assert inverse is None
    else:
        assert ratio == max(medians[0]) / max(medians[1])
        assert ratio * inverse == pytest.approx(1)


def test_figures_round_trip_through_a_file(tmp_path):
    path = tmp_path / "figures.json"
    values = [Contest("a", {}, (Row("b", "c", (Result(1, [2.0]),)),))] * 2
    write_contests(path, {"cores": 2}, values)
    assert read_contests(path) == ({"cores": 2}, values)
    assert [each.name for each in tmp_path.iterdir()] == ["figures.json"]


def test_one_turn_that_was_disturbed_does_not_count():
    assert Result(100, [1.0, 2.0, 60.0]).rate == 50


def test_figures_of_a_row_are_medians_over_rounds():
    row = Row(
        "a",
        "b",
        (
            Result(10, [1.0], {"update": [1.0, 5.0, 3.0]}, {"start": 4.0}),
            Result(10, [5.0], {"update": [7.0]}, {"start": 1.0}, "a note"),
            Result(10, [2.0], {"rollout": [1.0], "update": []}, {"start": 2.0}),
        ),
    )
    assert row.rates == [2, 5, 10]
    assert row.median == 5
    assert row.part("update") == 5
    assert row.part("rollout") == 1
    assert row.part("evaluation") is None
    assert row.figure("start") == 2
    assert row.figure("evaluation") is None


def test_notes_are_told_once_and_the_problem_last():
    measured = tuple(Result(1, [1.0], note=note) for note in ("x", "", "y", "x"))
    assert Row("a", "b", measured).notes == ["x", "y"]
    assert Row("a", "b", measured, "it broke").notes == ["x", "y", "then it broke"]
    assert Row("a", "b", (), "not there").notes == ["not there"]


def test_rows_are_found_by_name():
    contest = Contest("", {}, (Row("a", "x"), Row("b", "x")))
    assert contest["b"] == Row("b", "x")
    assert contest.best("x") is None
    with pytest.raises(KeyError):
        contest["c"]
