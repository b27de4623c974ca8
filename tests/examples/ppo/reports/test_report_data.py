import pathlib

import numpy as np
import pytest

from examples.ppo.reports.curves import Curve, Run
from examples.ppo.reports.report_data import chart_data, thin_out
from examples.ppo.reports.run_groups import group_runs


@pytest.fixture
def make_run(make_config):
    def curves(pairs):
        steps, values = np.array([*pairs], int), np.array([*pairs.values()], float)
        return {"mean_score": Curve(steps, values)}

    def build(name, evaluations, trainings=None, **changes):
        folder = pathlib.Path(f"1-{name}")
        config = make_config(**changes)
        return Run(folder, config, curves(trainings or {}), curves(evaluations))

    return build


def test_every_environment_has_a_chart_of_its_groups(make_run):
    runs = [
        make_run("a", {12: 1.0, 24: 3.0}, {6: 0.5}, seed=1),
        make_run("a", {12: 2.0, 24: 7.0}, seed=2),
        make_run("b", {24: 1.0}, env="CartPole-v1"),
        make_run("c", {24: 1.0}),
    ]
    first, second = chart_data(group_runs(runs))
    assert first["env"] == "CartPole-v1"
    assert [group["label"] for group in second["groups"]] == ["a", "c"]
    assert [group["colour"] for group in second["groups"]] == [0, 1]
    group = second["groups"][0]
    assert group["eval"] == {
        "steps": [12, 24],
        "mean": [1.5, 5.0],
        "low": [1.0, 3.0],
        "high": [2.0, 7.0],
        "seeds": [
            {"counts": True, "steps": [12, 24], "values": [1.0, 3.0]},
            {"counts": True, "steps": [12, 24], "values": [2.0, 7.0]},
        ],
    }
    assert group["train"]["mean"] == [0.5]


def test_an_unfinished_run_has_a_line_but_does_not_count(make_run):
    runs = [make_run("a", {12: 1.0, 24: 3.0}), make_run("a", {12: 9.0}, seed=2)]
    [chart] = chart_data(group_runs(runs))
    curves = chart["groups"][0]["eval"]
    assert curves["mean"] == [1.0, 3.0]
    assert [seed["counts"] for seed in curves["seeds"]] == [True, False]


def test_after_all_colours_lines_are_dashed(make_run):
    runs = [make_run(chr(97 + i), {24: 1.0}) for i in range(9)]
    [chart] = chart_data(group_runs(runs))
    looks = [(group["colour"], group["dashed"]) for group in chart["groups"]]
    assert looks == [*((i, False) for i in range(8)), (0, True)]


def test_numbers_are_short_and_those_json_does_not_know_are_none(make_run):
    values = {6: np.pi, 12: np.nan, 18: np.inf, 24: -1234567.8}
    [chart] = chart_data(group_runs([make_run("a", values)]))
    [seed] = chart["groups"][0]["eval"]["seeds"]
    assert seed["values"] == [3.14159, None, None, -1234570.0]


def test_thinning_out_keeps_the_mean_and_the_last_step():
    curve = Curve(np.arange(10) * 2, np.arange(10.0))
    thin = thin_out(curve, 5)
    assert thin.steps.tolist() == [2, 6, 10, 14, 18]
    assert thin.values.tolist() == [0.5, 2.5, 4.5, 6.5, 8.5]
    assert thin_out(curve, 10) is curve
    assert len(thin_out(curve, 3).steps) == 3


def test_long_curves_are_thinned_out(make_run):
    long = {6 * i: float(i) for i in range(1000)}
    [chart] = chart_data(group_runs([make_run("a", {24: 1.0}, long)]))
    curves = chart["groups"][0]["train"]
    assert len(curves["steps"]) == len(curves["mean"]) == 300
    assert curves["steps"][-1] == 5994
