import pathlib

import numpy as np
import pytest

from examples.ppo.reports.curves import Curve, Run
from examples.ppo.reports.run_groups import (
    differing_options,
    format_option,
    group_runs,
    sum_up,
)


@pytest.fixture
def make_run(make_config):
    """Builds runs; `score` is that of the evaluation at `at`, of 24 steps."""

    def build(name, score=1.0, at=24, stamp="20250101T000000", **changes):
        curve = Curve(np.array([at]), np.array([score]))
        folder = pathlib.Path(f"{stamp}-{name}")
        return Run(folder, make_config(**changes), {}, {"mean_score": curve})

    return build


def labels(runs):
    return [group.label for group in group_runs(runs)]


def test_runs_that_differ_in_the_seed_are_a_group(make_run):
    runs = [make_run("a", seed=seed) for seed in (3, 1, 2)]
    [group] = group_runs(runs)
    assert group.label == "a"
    assert [run.config.seed for run in group.runs] == [1, 2, 3]
    assert group.env == "Pendulum-v1"
    assert group.config.seed == 1


def test_what_sets_namesakes_apart_is_in_their_labels(make_run):
    runs = [
        make_run("a"),
        make_run("a", learning_rate=0.5),
        make_run("a", policy_layers=(4, 4)),
        make_run("b", learning_rate=0.7),
    ]
    assert labels(runs) == [
        "a, policy_layers=[4, 4], learning_rate=0.01",
        "a, policy_layers=[8], learning_rate=0.01",
        "a, policy_layers=[8], learning_rate=0.5",
        "b",
    ]


def test_the_same_options_under_another_name_are_another_group(make_run):
    assert labels([make_run("a"), make_run("b")]) == ["a", "b"]


def test_groups_of_an_environment_stand_together(make_run):
    runs = [make_run("z"), make_run("b", env="CartPole-v1"), make_run("a")]
    assert [(group.env, group.label) for group in group_runs(runs)] == [
        ("CartPole-v1", "b"),
        ("Pendulum-v1", "a"),
        ("Pendulum-v1", "z"),
    ]


def test_only_finished_runs_count_unless_none_is(make_run):
    runs = [make_run("a", 5.0, seed=1), make_run("a", 9.0, at=12, seed=2)]
    [group] = group_runs(runs)
    assert group.counted == (runs[0],)
    assert group.scores == [5.0]
    [group] = group_runs(runs[1:])
    assert group.counted == (runs[1],)
    assert group.scores == []


def test_options_differ_by_value_and_not_by_seed(make_config):
    configs = [make_config(), make_config(seed=3, discount=0.5)]
    assert differing_options(configs) == ["discount"]
    assert differing_options(configs[:1]) == []


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("CartPole-v1", "CartPole-v1"),
        ((4, 2), "[4, 2]"),
        (True, "true"),
        (1e-3, "0.001"),
    ],
)
def test_options_are_written_as_they_are_set(value, text):
    assert format_option(value) == text


def test_summing_up():
    result = sum_up([5.0, 1.0, 100.0, 3.0])
    assert result.mean == 27.25
    assert result.std == pytest.approx(np.std([5, 1, 100, 3]))
    assert result.interquartile_mean == 4
    assert (result.worst, result.best) == (1, 100)
    assert sum_up([2.0]).interquartile_mean == 2
