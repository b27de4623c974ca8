import pathlib
import re

import numpy as np
import pytest

from examples.ppo.reports import report_tables as tables
from examples.ppo.reports.curves import Curve, Run
from examples.ppo.reports.run_groups import group_runs


@pytest.fixture
def make_run(make_config):
    def build(name, evaluations, std=None, **changes):
        steps = np.array(list(evaluations), int)
        curves = {"mean_score": Curve(steps, np.array(list(evaluations.values())))}
        if std is not None:
            curves["std_score"] = Curve(steps[-1:], np.array([std]))
        return Run(pathlib.Path(f"1-{name}"), make_config(**changes), {}, curves)

    return build


def rows(html):
    """Texts of the cells, row by row."""
    return [
        [re.sub("<.*?>", "", cell) for cell in re.findall(r"<t[hd].*?</t[hd]>", row)]
        for row in re.findall("<tr>.*?</tr>", html)
    ]


@pytest.mark.parametrize(
    ("value", "like", "text"),
    [
        (-1234.5, None, "−1,234"),
        (150.04, None, "150.0"),
        (2.345, None, "2.35"),
        (2.345, 500.0, "2.3"),
        (None, None, "–"),
    ],
)
def test_numbers(value, like, text):
    assert tables.number(value, like=like) == text


def test_counts():
    assert tables.count(1, "run") == "1 run"
    assert tables.count(2000, "run") == "2,000 runs"


def test_results_have_a_row_for_each_group(make_run):
    runs = [make_run("a", {24: score}, seed=int(score)) for score in (1.0, 2.0, 6.0)]
    runs.append(make_run("b", {12: 4.0}))
    head, *body = rows(tables.results(group_runs(runs)))
    assert body == [
        ["a", "3.00", "2.16", "3.00", "1.00", "6.00", "3", "24", "Pendulum-v1"],
        ["b", *["–"] * 5, "0 of 1", "24", "Pendulum-v1"],
    ]
    assert head[:3] == ["Configuration", "Mean", "Std"]


def test_figures_of_a_row_have_the_same_digits(make_run):
    runs = [make_run("a", {24: score}, seed=int(score)) for score in (1000.0, 1004.0)]
    _, row = rows(tables.results(group_runs(runs)))
    assert row[:3] == ["a", "1,002", "2"]


def test_cells_are_sorted_by_values_and_not_by_texts(make_run):
    html = tables.results(group_runs([make_run("a", {24: -1234.5})]))
    assert '<td data-value="-1234.5">−1,234</td>' in html
    html = tables.results(group_runs([make_run("a", {12: 1.0})]))
    assert '<td data-value="">–</td>' in html


def test_runs_have_a_row_each(make_run):
    runs = [make_run("a", {24: 5.0}, std=0.5, seed=1), make_run("a", {12: 500.0})]
    _, *body = rows(tables.runs(group_runs(runs)))
    assert body == [
        ["a", "0", "500.0", "–", "12", "50% done", "1-a"],
        ["a", "1", "5.00", "0.50", "24", "finished", "1-a"],
    ]


def test_options_that_differ_have_a_row_and_unusual_values_stand_out(make_run):
    runs = [
        make_run(name, {24: 1.0}, discount=discount, seed=seed)
        for name, discount, seed in [("a", 0.5, 0), ("b", 0.9, 1), ("c", 0.9, 0)]
    ]
    html = tables.options(group_runs(runs))
    assert rows(html) == [["Option", "a", "b", "c"], ["discount", "0.5", "0.9", "0.9"]]
    assert html.count("<td class=usual><code>0.9</code>") == 2
    assert "<td><code>0.5</code>" in html
    html = tables.options(group_runs(runs[:2]))
    assert "usual" not in html


def test_options_may_not_differ(make_run):
    html = tables.options(group_runs([make_run("a", {}, seed=s) for s in (1, 2)]))
    assert html == "<p>All runs have the same options, apart from the seed.</p>"


def test_evaluations_have_a_row_for_each_step(make_run):
    runs = [make_run("a", {12: 1.0, 24: 3.0}), make_run("b", {24: 5.0})]
    html = tables.evaluations("Pendulum-v1", group_runs(runs))
    assert rows(html) == [
        ["Steps", "a", "b"],
        ["12", "1.00", "–"],
        ["24", "3.00", "5.00"],
    ]


def test_curves_are_described_in_words(make_run):
    runs = [make_run("a", {12: -1.0, 24: 3.0}, seed=seed) for seed in (1, 2)]
    [group] = group_runs(runs)
    assert tables.describe(group) == (
        "a: mean evaluation over 2 runs from −1.00 at 12 steps to 3.00 at 24 steps."
    )
    [group] = group_runs([make_run("a", {})])
    assert tables.describe(group) == "a: no evaluation yet."


def test_names_are_no_html(make_run):
    groups = group_runs([make_run("<b>", {24: 1.0}), make_run("c", {24: 1.0}, seed=1)])
    groups += group_runs([make_run("<b>", {24: 1.0}, discount=0.5)])
    for html in (
        tables.results(groups),
        tables.runs(groups),
        tables.options(groups),
        tables.evaluations("<i>", groups),
    ):
        assert "&lt;b&gt;" in html
        assert "<b>" not in html
        assert "<i>" not in html
