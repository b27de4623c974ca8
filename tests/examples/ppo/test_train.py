import json
import os
import pathlib
import signal
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from examples.ppo import train as train_module
from examples.ppo.progress import Progress

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


def variables(folder):
    """What the newest checkpoint of a run holds, but for the time of saving."""
    newest = max(
        (folder / "checkpoints").iterdir(), key=lambda path: int(path.name[11:])
    )
    reader = tf.train.load_checkpoint(str(newest / "checkpoint"))
    names = [name for name in reader.get_variable_to_shape_map() if "save" not in name]
    assert len(names) > 20
    return {name: reader.get_tensor(name) for name in names if name[0] != "_"}


def tags(folder):
    return {
        value.tag
        for path in folder.glob("events*")
        for event in tf.compat.v1.train.summary_iterator(str(path))
        for value in event.summary.value
    }


def test_trains_stops_goes_on_and_ends_as_if_never_stopped(
    tmp_path, capsys, monkeypatch
):
    assert train_module.run(arguments(tmp_path / "a", "--noenv_processes")) == 0
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
    assert {"mean_score", "mean_length"} <= tags(folder / "eval")

    # A finished run only tells its result once more.
    stamp = folder.name.partition("-")[0]
    again = [f"--logdir={tmp_path / 'a'}", f"--timestamp={stamp}", "--noenv_processes"]
    assert train_module.run(again) == 0
    final = [line for line in output.splitlines() if line.startswith("Final")]
    assert final[0] in capsys.readouterr().out

    def interrupt(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Progress, "evaluation", interrupt)
        assert train_module.run(arguments(tmp_path / "b", "--noenv_processes")) == 130
    (other,) = (tmp_path / "b").iterdir()
    stamp = other.name.partition("-")[0]
    go_on = f"--logdir={tmp_path / 'b'} --timestamp={stamp}"
    assert go_on in capsys.readouterr().err
    assert train_module.run([*go_on.split(), "--noenv_processes"]) == 0
    output = capsys.readouterr().out
    assert final[0] in output
    expected, actual = variables(folder), variables(other)
    assert expected.keys() == actual.keys()
    for name, value in expected.items():
        np.testing.assert_array_equal(actual[name], value, err_msg=name)


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
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
    )
    _, error = process.communicate()
    assert process.returncode == 2
    assert error.startswith("error: 2 environments failed, here is what number 0 ")
    assert "ValueError: the simulator is out of fuel" in error
    assert error.count("Traceback (most recent call last)") == 1
    assert "tensorflow" not in error


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


def test_interrupt_is_told_in_plain_words_and_leaves_no_process(tmp_path):
    (tmp_path / "envs.py").write_text(ENV_MODULE)
    process = start(
        *arguments(tmp_path / "logs", env="envs:Endless-v0", steps=64 * 10**6),
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        # A shell starts what runs in the background with the signal ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    # The first line comes before the workers, the second one when training is under
    # way.
    lines = [process.stdout.readline() for _ in range(2)]
    assert "steps" in lines[1]
    process.send_signal(signal.SIGINT)
    _, error = process.communicate()
    assert process.returncode == 130
    # Whether there was time for a checkpoint depends on the machine.
    saved = any((tmp_path / "logs").glob("*/checkpoints/checkpoint-*"))
    advice = "Go on from the last checkpoint" if saved else "Begin again"
    assert error.startswith(f"\nInterrupted.\n{advice} with: ")
    assert "Traceback" not in error
    workers = [int(path.stem) for path in tmp_path.glob("*.pid")]
    assert len(workers) == 4
    for worker in workers:
        with pytest.raises(ProcessLookupError):
            os.kill(worker, 0)
