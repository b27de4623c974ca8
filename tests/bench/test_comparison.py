import json
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rltools.bench.comparison import Comparison, Row
from rltools.bench.measurement import Measurement

NAMES = ("a", "b", "c")
times = st.floats(1e-6, 1e6)
measurements = st.builds(Measurement, st.integers(1, 10**9), times, times, st.text())
rows = st.builds(
    Row,
    st.just("a"),
    st.lists(measurements, max_size=5).map(tuple),
    st.none() | st.text(),
)
comparisons = st.builds(
    lambda rows, num_envs, seconds: Comparison(
        "work",
        num_envs,
        seconds,
        tuple(
            Row(name, row.measurements, row.problem)
            for name, row in zip(NAMES, rows, strict=False)
        ),
    ),
    st.lists(rows, max_size=3),
    st.integers(1, 100),
    times,
)


def row(*rates, name="a", **options):
    return Row(name, tuple(Measurement(rate, 1.0, 0.5) for rate in rates), **options)


@given(comparisons)
def test_json_round_trip(comparison):
    assert Comparison.from_json(json.loads(json.dumps(comparison.to_json()))) == (
        comparison
    )


@given(rows)
def test_median_equals_that_of_the_rates(row):
    if not row.measurements:
        assert row.median is None
        return
    rates = [one.steps / one.seconds for one in row.measurements]
    assert row.median == statistics.median(rates)
    assert row.rates[0] == min(rates) <= row.median <= max(rates) == row.rates[-1]


@given(comparisons)
def test_ratios_are_inverse_and_of_medians(comparison):
    for one in NAMES:
        for other in NAMES:
            ratio = comparison.ratio(one, other)
            medians = comparison[one].median, comparison[other].median
            if None in medians:
                assert ratio is None
            else:
                assert ratio == pytest.approx(medians[0] / medians[1])
                assert ratio * comparison.ratio(other, one) == pytest.approx(1.0)


def test_examples():
    comparison = Comparison("w", 2, 1.0, (row(10, 40, 20), row(5, 5, name="b")))
    assert comparison["a"].median == 20
    assert comparison["a"].start_seconds == 0.5
    assert comparison.ratio("a", "b") == 4
    assert comparison.ratio("a", "nobody") is None
    assert comparison["nobody"] == Row("nobody")


def test_each_note_is_told_once():
    notes = ["two", "", "one", "two"]
    assert Row("a", tuple(Measurement(1, 1, 1, note) for note in notes)).notes == [
        "two",
        "one",
    ]
