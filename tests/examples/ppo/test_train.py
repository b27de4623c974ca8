import json
import os
import pathlib
import re
import signal
import subprocess
import sys

import pytest
import tensorflow as tf

from examples.ppo import train as train_module
from rltools.bench.machine import count_cores

ROOT = pathlib.Path(__file__).parents[3]
TINY = {
    "num_agents": 2,
    "max_length": 8,
    "update_every": 32,
    "batch_size": 16,
    "update_epochs": 2,
    "eval_every": 64,
    "steps": 128,
    "eval_agents": 2,
    "eval_episodes": 4,
}
ENV_MODULE = """
import os, pathlib
import gymnasium as gym
import numpy as np

class Env(gym.Env):
    observation_space = gym.spaces.Box(-1, 1, (1,), np.float32)
    action_space = gym.spaces.Box(-1, 1, (1,), np.float32)

    def __init__(self, fails):
        self.fails = fails
        (pathlib.Path(__file__).parent / f"{os.getpid()}.pid").touch()

    def reset(self, *, seed=None, options=None):
        return np.zeros(1, np.float32), {}

    def step(self, action):
        if self.fails:
            raise ValueError("the simulator is out of fuel")
        return np.zeros(1, np.float32), 0.0, False, False, {}

gym.register("Failing-v0", lambda: Env(True))
gym.register("Endless-v0", lambda: Env(False))
"""


def arguments(logdir, *rest, **options):
    pairs = [f"{name}={json.dumps(value)}" for name, value in (TINY | options).items()]
    changes = [word for pair in pairs for word in ("--set", pair)]
    return [f"--logdir={logdir}", "--config=pendulum", *rest, *changes]


def start(*words, **kwargs):
    return subprocess.Popen(
        [sys.executable, "-m", "examples.ppo.train", *words],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **kwargs,
    )


def tags(folder):
    return {
        value.tag
        for path in folder.glob("events*")
        for event in tf.compat.v1.train.summary_iterator(str(path))
        for value in event.summary.value
    }


def test_trains_and_tells_the_result_once_more(tmp_path, capsys):
    options = arguments(tmp_path / "a", "--noenv_processes", weight_summaries=True)
    assert train_module.run(options) == 0
    (folder,) = (tmp_path / "a").iterdir()
    output = capsys.readouterr().out
    assert output.startswith(f"Training Pendulum-v1 in {folder}\n")
    assert "128/128 steps" in output
    assert "Final evaluation over 4 episodes: -" in output
    assert f"\nThe learning curve is in {folder / 'learning_curve.png'}\n" in output
    assert "\nSee them with: " in output
    assert output.endswith(f"tensorboard --logdir={tmp_path / 'a'}\n")
    assert json.loads((folder / "config.json").read_text())["steps"] == 128
    assert {"mean_score", "mean_length", "policy_loss", "kl"} <= tags(folder / "train")
    # All that the option asks for, see the tests of the algorithm.
    for name in ("policy/layers/weight0", "value/layers/bias2", "log_std"):
        assert {f"weights/{name}", f"gradients/{name}"} <= tags(folder / "train")
    assert {"mode", "action", "observ_filter/mean"} <= tags(folder / "train")
    assert {"mean_score", "mean_length"} <= tags(folder / "eval")

    # A finished run only tells its result once more.
    stamp = folder.name.partition("-")[0]
    again = [f"--logdir={tmp_path / 'a'}", f"--timestamp={stamp}", "--noenv_processes"]
    assert train_module.run(again) == 0
    final = [line for line in output.splitlines() if line.startswith("Final")]
    assert final[0] in capsys.readouterr().out


def test_unknown_config_is_one_line_and_exit_code_2(tmp_path):
    process = start(f"--logdir={tmp_path}", "--config=pendulumm")
    output, error = process.communicate()
    assert process.returncode == 2
    assert error == "error: There is no config 'pendulumm'; did you mean 'pendulum'?\n"
    assert output == ""


def test_unwritable_logdir_is_one_line(tmp_path, capsys):
    (tmp_path / "file").touch()
    assert train_module.run(arguments(tmp_path / "file")) == 2
    expected = f"error: Can't write to the logdir '{tmp_path / 'file'}': File exists.\n"
    assert capsys.readouterr().err == expected


def test_missing_extra_is_named(tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "rich", None)
    assert train_module.run(arguments(tmp_path)) == 2
    assert 'pip install "rltools[ppo]"' in capsys.readouterr().err


def test_error_of_a_worker_is_told_once(tmp_path):
    (tmp_path / "envs.py").write_text(ENV_MODULE)
    process = start(
        *arguments(tmp_path / "logs", env="envs:Failing-v0"),
        "--env_processes",
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
    )
    _, error = process.communicate()
    assert process.returncode == 2
    assert error.startswith("error: 2 environments failed, here is what number 0 ")
    assert "ValueError: the simulator is out of fuel" in error
    assert error.count("Traceback (most recent call last)") == 1
    assert "tensorflow" not in error


@pytest.mark.slow
def test_error_of_an_environment_in_this_process_is_one_line(tmp_path):
    (tmp_path / "envs.py").write_text(ENV_MODULE)
    process = start(
        *arguments(tmp_path / "logs", env="envs:Failing-v0", num_agents=1),
        "--noenv_processes",
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
    )
    _, error = process.communicate()
    assert process.returncode == 2
    (folder,) = (tmp_path / "logs").iterdir()
    first, second = error.splitlines()
    assert first == "error: ValueError: the simulator is out of fuel"
    assert second == f"The traceback is in {folder / 'error.txt'}"
    assert "in step" in (folder / "error.txt").read_text()


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    "number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.slow)]
)
def test_a_signal_ends_the_run_in_order(tmp_path, number):
    (tmp_path / "envs.py").write_text(ENV_MODULE)
    process = start(
        *arguments(tmp_path / "logs", env="envs:Endless-v0", steps=64 * 10**6),
        "--env_processes",
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        # A shell starts what runs in the background with the signal ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    # An evaluation is told once there is a checkpoint.
    assert any("evaluation" in line for line in iter(process.stdout.readline, ""))
    process.send_signal(number)
    output, error = process.communicate()
    assert (process.returncode, error) == (0, "")
    name = signal.Signals(number).name
    match = re.search(rf"\nStopped by {name} at step ([\d,]+)(.*)\n(.*)\n$", output)
    step, explanation, advice = match.groups()
    assert int(step.replace(",", "")) >= 64
    assert "saved" in explanation
    (folder,) = (tmp_path / "logs").iterdir()
    stamp = folder.name.partition("-")[0]
    command = f"examples.ppo.train --logdir={tmp_path / 'logs'} --timestamp={stamp}"
    assert advice.startswith("Go on with: ")
    assert advice.endswith(f"{command} --env_processes")
    workers = [int(path.stem) for path in tmp_path.glob("*.pid")]
    assert len(workers) == 2 * min(2, count_cores())
    for worker in workers:
        with pytest.raises(ProcessLookupError):
            os.kill(worker, 0)
