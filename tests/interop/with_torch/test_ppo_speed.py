"""The other libraries' part of `benchmarks.ppo_speed`, where they are installed."""

import sys
from importlib.util import find_spec

import pytest

from benchmarks.elsewhere import run_elsewhere

SIZE = {"num_envs": 2, "length": 8, "batch_size": 4, "epochs": 2}
TASK = {"env": "CartPole-v1", "learning_rate": 1e-3, "warm_up": 1, "updates": 2}


@pytest.mark.timeout(240)
@pytest.mark.parametrize("processes", [False, True])
@pytest.mark.parametrize("package", ["stable_baselines3", "sbx"])
def test_trains_and_evaluates(package, processes):
    if find_spec(package) is None:
        pytest.skip(f"{package} is not installed")
    options = {"package": package, "processes": processes, "threads": 1}
    outcome = run_elsewhere(
        sys.executable,
        "benchmarks.ppo_stable_baselines:measure",
        {**TASK, **SIZE, **options},
        seconds=230,
    )
    assert (outcome.problem, outcome.left_behind) == (None, 0)
    result = outcome.value
    assert result["steps"] == 16
    assert len(result["seconds"]) == 2
    for whole, rollout, environments, update in zip(
        result["seconds"], *result["parts"].values(), strict=True
    ):
        assert 0 < environments < rollout
        assert update > 0
        assert rollout + update <= whole
    assert result["figures"]["evaluation"] > 0
    assert result["figures"]["start"] > max(result["seconds"])
