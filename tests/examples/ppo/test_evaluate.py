import json
import re

import pytest

from examples.ppo import evaluate, train
from examples.ppo.runs.trained_run import find_trained_run

pytestmark = pytest.mark.timeout(300)  # A run is trained first.


def run(folder, *arguments):
    return evaluate.run([f"--logdir={folder.parent}", *arguments])


def test_is_the_final_evaluation_of_training(trained_run, capsys):
    stamp = trained_run.name.partition("-")[0]
    again = [f"--logdir={trained_run.parent}", f"--timestamp={stamp}"]
    assert train.run([*again, "--noenv_processes"]) == 0
    expected = re.search(r"episodes: (\S+)\n", capsys.readouterr().out)[1]
    assert run(trained_run, "--num_episodes=4", "--json") == 0
    result = json.loads(capsys.readouterr().out)
    assert f"{result['score']['mean']:.1f}" == expected
    assert result["run"] == trained_run.name
    assert result["training_steps"] == 128
    assert result["lengths"] == [8] * 4
    assert result["terminated"] == 0
    assert len(set(result["scores"])) == 4
    assert result["num_agents"] == 2


def test_processes_make_no_difference(trained_run):
    found = find_trained_run(trained_run.parent, None, None)
    results = [
        evaluate.evaluate(found, num_episodes=3, env_processes=env_processes, seed=4)
        for env_processes in (True, False)
    ]
    assert results[0] == results[1]
    # The same number for both environments.
    assert results[0]["episodes"] == 4


def test_stochastic_actions_follow_from_the_seed(trained_run):
    found = find_trained_run(trained_run.parent, None, None)

    def scores(**options):
        options = {"num_episodes": 2, "env_processes": False, "seed": 1} | options
        return evaluate.evaluate(found, **options)["scores"]

    assert scores(stochastic=True) == scores(stochastic=True)
    assert scores(stochastic=True) != scores()
    assert scores() != scores(seed=2)


def test_what_is_written_for_people(trained_run, capsys):
    arguments = ["--num_episodes=2", "--num_agents=5", "--noenv_processes", "--seed=3"]
    assert run(trained_run, *arguments, "--checkpoint=96") == 0
    first, second, columns, score, length = capsys.readouterr().out.splitlines()
    assert first == (
        f"Pendulum-v1 after 64 training steps (run {trained_run.name}, checkpoint 96)"
    )
    assert second == (
        "2 deterministic episodes in 2 environments from seed 3: all truncated"
    )
    assert columns.split() == ["mean", "std", "interquartile", "mean", "min", "max"]
    assert re.fullmatch(r"score( +-\d+\.\d)( +\d+\.\d)( +-\d+\.\d){3}", score)
    assert length.split() == ["length", "8.0", "0.0", "8.0", "8.0", "8.0"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--timestamp=x"], "There is no run 'x'; known are "),
        (["--checkpoint=1"], "has no checkpoint 1; there are: 96, 192."),
        (["--num_agents=0"], "expected a whole number of at least 1, got '0'"),
        (["--num_episodes=a"], "expected a whole number of at least 1, got 'a'"),
        (["--seed=-1"], "expected a whole number of at least 0, got '-1'"),
        (["--sed=1"], "unrecognized arguments: --sed=1"),
        (
            ["--stochastic", "--num_agents=3"],
            "Expected num_agents to be at most 2, for which the stochastic policy",
        ),
    ],
)
def test_errors_are_one_line(trained_run, capsys, arguments, message):
    assert run(trained_run, *arguments) == 2
    output, error = capsys.readouterr()
    assert output == ""
    assert message in error
    assert error.startswith("error: ")
    assert error.count("\n") == 1


def test_no_run_is_one_line(tmp_path, capsys):
    assert evaluate.run([f"--logdir={tmp_path}"]) == 2
    expected = f"error: There are no runs in {str(tmp_path)!r}.\n"
    assert capsys.readouterr().err == expected
