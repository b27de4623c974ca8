import dataclasses
import json

import pytest

from benchmarks.ppo_results import (
    Outcome,
    format_score,
    format_table,
    interquartile_mean,
    read_results,
    reference_of,
    write_results,
)


def outcome(config="pendulum", seed=0, score=-150.0, **changes):
    values = {
        "config": config,
        "seed": seed,
        "exit_code": 0,
        "seconds": 50.0,
        "first_output": 1.0,
        "folder": "20250101T000000-pendulum",
        "env": "Pendulum-v1",
        "steps": 100_000,
        "score": score,
        "std": 2.5,
        "curves": {"eval": {"steps": [100_000], "scores": [score]}, "train": {}},
    }
    return Outcome(**(values | changes))


def failed(seed, *lines):
    return Outcome(
        config="pendulum",
        seed=seed,
        exit_code=2,
        seconds=1.0,
        first_output=0.5,
        last_lines=lines,
    )


def cells(outcomes):
    rows = [line for line in format_table(outcomes).splitlines() if "|" in line]
    names, _, *rows = [[cell.strip() for cell in row.split("|")[1:-1]] for row in rows]
    return [dict(zip(names, row, strict=True)) for row in rows]


def test_results_survive_a_file(tmp_path):
    outcomes = [outcome(), failed(3, "error: no", "luck")]
    write_results(tmp_path, outcomes, arguments=["--set=a=1"], machine={"cores": 2})
    assert read_results(tmp_path) == (outcomes, ["--set=a=1"])
    values = json.loads((tmp_path / "results.json").read_text())
    assert values["machine"] == {"cores": 2}
    assert values["runs"][0]["steps_per_second"] == 2000
    assert (tmp_path / "results.md").read_text() == format_table(outcomes) + "\n"
    assert {path.name for path in tmp_path.iterdir()} == {"results.json", "results.md"}


def test_a_write_that_fails_leaves_the_old_results(tmp_path):
    write_results(tmp_path, [outcome()], arguments=[], machine={})
    with pytest.raises(TypeError):
        write_results(tmp_path, [outcome(score=object())], arguments=[], machine={})
    assert read_results(tmp_path)[0] == [outcome()]


def test_a_row_sums_up_the_seeds_of_a_config():
    scores = [-100.0, -110.0, -120.0, -130.0, -640.0]
    outcomes = [
        outcome(seed=seed, score=score, seconds=50.0 + seed)
        for seed, score in enumerate(scores)
    ]
    [row] = cells(outcomes)
    assert row == {
        "config": "pendulum",
        "environment": "Pendulum-v1",
        "steps": "100,000",
        "seeds": "5",
        "mean": "-220.0",
        "std": "210.2",
        "interquartile mean": "-120.0",
        "worst": "-640.0",
        "steps/s": "1,923",
        "published": "-172.0",
        "by": "rl-zoo3 at 100,000 steps (one tuned run)",
        "verdict": "**BELOW by 48.0**",
    }


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({"score": -172.0}, "reached"),
        ({"score": -172.1}, "**BELOW by 0.1**"),
        ({"env": "Own-v0"}, "nothing published"),
    ],
)
def test_a_verdict_compares_the_mean_with_the_reference(changes, verdict):
    assert cells([outcome(**changes)])[0]["verdict"] == verdict


def test_failures_are_told_and_count_for_nothing():
    outcomes = [outcome(score=-10.0), failed(1, "error: it broke", "sadly")]
    [row] = cells(outcomes)
    assert row["seeds"] == "1 (1 failed)"
    assert row["mean"] == "-10.00"
    text = format_table(outcomes)
    assert text.endswith(
        "pendulum with seed 1 failed (exit code 2):\n\n    error: it broke\n    sadly"
    )
    assert cells([failed(1)])[0]["verdict"] == "**failed**"


def test_configs_have_rows_of_their_own_in_the_order_of_outcomes():
    outcomes = [outcome("b"), outcome("a", score=1.0), outcome("b", 1, 1.0)]
    assert [row["config"] for row in cells(outcomes)] == ["b", "a"]
    assert [row["seeds"] for row in cells(outcomes)] == ["2", "1"]


def test_a_reference_is_that_of_the_environment():
    assert reference_of([failed(0), outcome()]).score == -172
    assert reference_of([failed(0)]) is None
    assert reference_of([]) is None


@pytest.mark.parametrize(
    ("values", "mean"),
    [([3.0], 3), ([0.0, 9.0], 4.5), ([8, 0, 1, 3], 2), ([0, 1, 2, 3, 99], 2)],
)
def test_interquartile_mean(values, mean):
    assert interquartile_mean(values) == mean


@pytest.mark.parametrize(
    ("score", "text"),
    [(-4.126, "-4.13"), (484.44, "484.4"), (-5819.3, "-5,819"), (0.0, "0.00")],
)
def test_scores_have_as_many_digits_as_tell_something(score, text):
    assert format_score(score) == text


def test_scores_of_a_row_have_the_same_digits():
    assert format_score(7.0, like=500.0) == "7.0"


def test_rates_include_the_start():
    assert outcome(steps=10, seconds=4.0).steps_per_second == 2.5
    assert outcome(seconds=0.0).steps_per_second == 0
    assert not dataclasses.replace(outcome(), exit_code=130).is_finished
