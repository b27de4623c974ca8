import json
from importlib.util import find_spec

import pytest

from benchmarks import ppo_speed
from benchmarks.contest_figures import read_contests
from benchmarks.elsewhere import run_elsewhere
from benchmarks.ppo_speed import list_contenders
from rltools.bench.apart import Outcome

SPAN = {"steps": 2048, "seconds": [1.0], "parts": {"rollout": [0.5]}}


def test_cheap_environments_get_no_processes_of_stable_baselines():
    names = [one.name for one in list_contenders("CartPole-v1", "python")]
    assert names == [
        "rltools-auto",
        "rltools-in-process",
        "rltools-2-workers",
        "rltools-in-graph",
        *("sb3-dummy", "sb3-dummy-1-thread", "sbx-dummy", "sbx-dummy-1-thread"),
    ]


def test_others_run_by_the_other_python():
    contenders = {
        one.name: one for one in list_contenders("HalfCheetah-v5", "/other/python")
    }
    assert len(contenders) == 4 + 2 * 2 * 2
    options = contenders["sbx-subproc-1-thread"].options
    assert options == {"package": "sbx", "processes": True, "threads": 1}
    assert contenders["sb3-dummy"].options["threads"] is None
    for name, one in contenders.items():
        assert (one.python == "/other/python") == (not name.startswith("rltools"))
        assert one.library in (ppo_speed.OURS, *ppo_speed.WANTED)


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ("--envs NoSuch-v0", "NoSuch"),
        ("--envs CartPole-v1 --contenders sb3-subproc", "no contenders sb3-subproc"),
        ("--updates 0", "at least 1"),
    ],
)
def test_bad_options(options, problem, capsys):
    with pytest.raises(SystemExit) as caught:
        ppo_speed.main(options.split())
    assert caught.value.code == 2
    assert problem in capsys.readouterr().err


def test_measures_prints_and_writes_everything(tmp_path, capsys, monkeypatch):
    rates = {"rltools-auto": 6.0, "sb3-dummy": 1.0}

    def run(python, function, arguments, *, seconds):
        assert arguments["env"] == "CartPole-v1"
        assert (arguments["warm_up"], arguments["updates"]) == (2, 7)
        if "package" not in arguments:
            return Outcome({**SPAN, "seconds": [1 / rates["rltools-auto"]]})
        if arguments["package"] == "sbx":
            return Outcome(problem="ModuleNotFoundError: No module named 'sbx'")
        return Outcome(SPAN)

    monkeypatch.setattr("benchmarks.contest_rounds.run_elsewhere", run)
    path = tmp_path / "figures.json"
    chosen = "--envs CartPole-v1 --contenders rltools-auto sb3-dummy sbx-dummy"
    ppo_speed.main(
        [*chosen.split(), "--rounds", "2", "--updates", "7", "--json", str(path)]
    )
    output = capsys.readouterr().out
    assert "CartPole-v1, 8 environments x 256 steps" in output
    assert "rltools-auto: 6.00 x sb3-dummy of Stable-Baselines3, as wanted" in output
    assert "SBX: nothing to compare with" in output
    assert "sbx is not installed" in output
    _, [contest] = read_contests(path)
    assert [len(row.results) for row in contest.rows] == [2, 2, 0]
    json.loads(path.read_text())


@pytest.mark.timeout(240)
@pytest.mark.skipif(find_spec("tensorflow") is None, reason="needs TensorFlow")
@pytest.mark.slow
def test_ours_trains_and_evaluates():
    [ours, *_] = list_contenders("CartPole-v1", "python")
    small = {"num_envs": 2, "length": 4, "batch_size": 4, "epochs": 1}
    task = {"env": "CartPole-v1", "learning_rate": 1e-3, "warm_up": 1, "updates": 2}
    outcome = run_elsewhere(
        ours.python, ours.function, {**task, **small, **ours.options}, seconds=230
    )
    assert outcome.problem is None
    result = outcome.value
    assert result["steps"] == 8
    assert len(result["seconds"]) == 2
    for turn in zip(result["seconds"], *result["parts"].values(), strict=True):
        whole, rollout, environments, update = turn
        assert 0 < environments < rollout
        assert rollout + update == pytest.approx(whole)
    assert result["figures"]["evaluation"] > 0
    assert result["figures"]["start"] > max(result["seconds"])
    assert "in process" in result["note"]
