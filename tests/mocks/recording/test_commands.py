import json
import shutil
import subprocess
import sys

import gymnasium as gym
import numpy as np
import pytest

from rltools import cli
from rltools.mocks import Recorder
from rltools.mocks.recording.recording import load


class Odd(gym.Env):
    """Counts its steps; fails, drifts or has odd rewards, as its class says."""

    observation_space = gym.spaces.Box(0, 100, (2,), np.float64)
    action_space = gym.spaces.Discrete(3)
    drift = 0.0
    fails_at = None
    reward: object = 0.25

    def reset(self, *, seed=None, options=None):
        self.steps = 0
        return np.zeros(2), {}

    def step(self, action):
        self.steps += 1
        if self.steps == self.fails_at:
            raise ZeroDivisionError("a wheel\ncame off")
        observ = np.array([self.steps, self.drift if self.steps > 2 else 0.0])
        return observ, self.reward, self.steps == 4, False, {}


class Drifting(Odd):
    drift = 0.5


class Failing(Odd):
    fails_at = 3


class Vague(Odd):
    reward = "good"


class Wide(Odd):
    action_space = gym.spaces.Discrete(4)


@pytest.fixture
def target(tmp_path, monkeypatch):
    """Name of a target; this module can be imported from here as `odd_envs`."""
    shutil.copyfile(__file__, tmp_path / "odd_envs.py")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield "odd_envs:Odd"
    sys.modules.pop("odd_envs", None)


def test_record_some_steps(tmp_path, capsys):
    path = tmp_path / "a.npz"
    assert cli.main(["record", "Pendulum-v1", "--output", str(path)]) == 0
    recording = load(path)
    assert [episode.seed for episode in recording.episodes] == [0, 1, 2, 3, 4]
    assert [episode.steps for episode in recording.episodes] == [200] * 5
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"file          {path} ({path.stat().st_size:,} bytes)"
    assert lines[1] == "environment   Pendulum-v1"
    assert lines[4:6] == [
        "episodes      5 (seeds: 0, 1, 2, 3, 4)",
        "steps         1,000 (200 in an episode)",
    ]
    words = f"record Pendulum-v1 --output {path} --steps 250 --seed 7"
    assert cli.main(words.split()) == 0
    recording = load(path)
    assert [episode.seed for episode in recording.episodes] == [7, 8]
    assert [episode.steps for episode in recording.episodes] == [200, 50]


def test_record_some_episodes(tmp_path):
    paths = [tmp_path / name for name in ("a.npz", "b.npz", "c.npz")]
    for path, seed in zip(paths, (0, 0, 1), strict=True):
        words = f"record CartPole-v1 --output {path} --episodes 3 --seed {seed}"
        assert cli.main(words.split()) == 0
    one, other = load(paths[0]), load(paths[2])
    assert len(one.episodes) == 3
    assert all(one.step_result(each, each.steps - 1)[2] for each in one.episodes)
    assert paths[0].read_bytes() == paths[1].read_bytes()
    actions = [
        [recording.action(recording.episodes[0], step) for step in range(8)]
        for recording in (one, other)
    ]
    assert actions[0] != actions[1]


class Turning(Odd):
    action_space = gym.spaces.Box(-1, 1, (1,), np.float32)


class FewerActions(Odd):
    action_space = gym.spaces.Discrete(2)


@pytest.mark.parametrize(
    ("name", "space"), [("Turning", "Box(-1.0"), ("FewerActions", "Discrete(2)")]
)
def test_actions_of_another_space_are_refused(tmp_path, target, capsys, name, space):
    old, new = tmp_path / "old.npz", tmp_path / "new.npz"
    cli.main(f"record odd_envs:Odd --output {old} --steps 9".split())
    capsys.readouterr()
    assert (
        cli.main(f"record odd_envs:{name} --output {new} --actions {old}".split()) == 2
    )
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith(f"rltools: {old}: its actions are of Discrete(3), those of ")
    assert f"odd_envs:{name} of {space}" in line
    assert not new.exists()


class MoreActions(Odd):
    action_space = gym.spaces.Discrete(4)


def test_actions_that_a_wider_space_has_are_taken(tmp_path, target):
    old, new = tmp_path / "old.npz", tmp_path / "new.npz"
    cli.main(f"record odd_envs:Odd --output {old} --steps 9".split())
    assert (
        cli.main(f"record odd_envs:MoreActions --output {new} --actions {old}".split())
        == 0
    )


class Levels(Odd):
    def reset(self, *, seed=None, options=None):
        level = options.pop("level")
        return super().reset(seed=seed)[0], {"level": level}


def test_record_with_options(tmp_path, target, capsys):
    path = tmp_path / "levels.npz"
    words = ["record", "odd_envs:Levels", "--output", str(path), "--episodes", "2"]
    assert cli.main([*words, "--options", '{"level": 3}']) == 0
    episodes = load(path).episodes
    assert [episode.options for episode in episodes] == [{"level": 3}] * 2
    assert cli.main(["replay", str(path), "odd_envs:Levels"]) == 0
    capsys.readouterr()
    assert cli.main([*words, "--actions", str(path), "--options", "{}"]) == 2
    assert "options" in capsys.readouterr().err


def test_record_the_actions_of_another_recording(tmp_path, target, capsys):
    old, new = tmp_path / "old.npz", tmp_path / "new.npz"
    with Recorder(Odd(), old) as env:
        for seed in (3, None):
            env.reset(seed=seed, options={"a": 1})
            env.step(2)
    words = f"record odd_envs:Drifting --output {new} --actions {old}"
    assert cli.main(words.split()) == 0
    recording = load(new)
    assert [episode.seed for episode in recording.episodes] == [3, None]
    assert recording.episodes[1].options == {"a": 1}
    assert recording.action(recording.episodes[1], 0) == 2
    assert "seeds: 3, None" in capsys.readouterr().out
    for option in ("--steps", "--episodes", "--seed"):
        assert cli.main([*words.split(), option, "1"]) == 2
        assert "expected no steps, episodes, seed or options" in capsys.readouterr().err


def test_the_action_space_is_not_sampled(tmp_path, monkeypatch):
    made = []
    make = gym.make

    def remember(name):
        made.append(make(name))
        return made[-1]

    monkeypatch.setattr(gym, "make", remember)
    words = f"record CartPole-v1 --output {tmp_path / 'a.npz'} --steps 5"
    assert cli.main(words.split()) == 0
    assert made[0].action_space._np_random is None


def test_summary_as_json(tmp_path, capsys):
    path = tmp_path / "a.npz"
    with Recorder(gym.make("CartPole-v1"), path) as env:
        env.reset(seed=4)
        while not env.step(0)[2]:
            pass
        env.reset()
    assert cli.main(["replay", str(path), "--json"]) == 0
    values = json.loads(capsys.readouterr().out)
    steps = values["steps"]
    assert values["environment"] == "CartPole-v1"
    assert values["action_space"] == "Discrete(2)"
    assert values["bytes"] == path.stat().st_size
    assert values["episodes"] == [
        {
            "seed": 4,
            "steps": steps,
            "reward": float(steps),
            "terminated": True,
            "truncated": False,
        },
        {
            "seed": None,
            "steps": 0,
            "reward": 0.0,
            "terminated": False,
            "truncated": False,
        },
    ]
    assert cli.main(["replay", str(path)]) == 0
    out = capsys.readouterr().out
    assert f"steps         {steps} (0 to {steps} in an episode)" in out
    assert f"returns       0 to {steps}" in out


@pytest.mark.parametrize(
    ("reward", "shown"), [("good", None), (float("nan"), "nan"), (2**5000, None)]
)
def test_odd_rewards(tmp_path, capsys, reward, shown):
    path = tmp_path / "a.npz"
    odd = Odd()
    odd.reward = reward
    with Recorder(odd, path) as env:
        env.reset()
        env.step(0)
    assert cli.main(["replay", str(path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["episodes"][0]["reward"] == shown
    assert cli.main(["replay", str(path)]) == 0
    out = capsys.readouterr().out
    assert "returns       unknown" in out
    assert "environment   an environment without a spec" in out


def test_many_seeds_are_cut_short(tmp_path, capsys):
    path = tmp_path / "a.npz"
    with Recorder(Odd(), path) as env:
        for seed in range(9):
            env.reset(seed=seed)
    assert cli.main(["replay", str(path)]) == 0
    assert "9 (seeds: 0, 1, 2, 3, 4, 5, 6, 7, ...)" in capsys.readouterr().out


def test_an_environment_that_does_the_same(tmp_path, target, capsys):
    path = tmp_path / "a.npz"
    assert cli.main(["record", target, "--output", str(path), "--episodes", "2"]) == 0
    capsys.readouterr()
    assert cli.main(["replay", str(path), target]) == 0
    assert capsys.readouterr().out == f"{target} does what {path} has: 2 episodes, " + (
        "8 steps.\n"
    )
    assert cli.main(["replay", str(path), target, "--json"]) == 0
    out = capsys.readouterr().out
    assert json.loads(out) == {"same": True, "difference": None}


def test_the_first_difference(tmp_path, target, capsys):
    path = tmp_path / "a.npz"
    assert cli.main(["record", target, "--output", str(path), "--episodes", "2"]) == 0
    capsys.readouterr()
    assert cli.main(["replay", str(path), "odd_envs:Drifting"]) == 1
    assert capsys.readouterr().out == (
        f"odd_envs:Drifting differs from {path} in step 3 of episode 0 (seed=0):\n"
        "- observation[1]: expected 0.0, got 0.5\n"
    )
    assert cli.main(["replay", str(path), "odd_envs:Drifting", "--json"]) == 1
    assert json.loads(capsys.readouterr().out) == {
        "same": False,
        "difference": {
            "place": "step 3 of episode 0 (seed=0)",
            "episode": 0,
            "step": 3,
            "differences": ["observation[1]: expected 0.0, got 0.5"],
        },
    }
    assert cli.main(["replay", str(path), "odd_envs:Vague"]) == 1
    out = capsys.readouterr().out
    assert "in step 1 of episode 0" in out
    assert "- reward: expected 0.25 (float), got 'good' (str)\n" in out
    assert cli.main(["replay", str(path), "odd_envs:Wide"]) == 1
    out = capsys.readouterr().out
    assert "in the action_space:\n- action_space['n']: expected np.int64(3)" in out


def test_a_reset_that_differs(tmp_path, capsys):
    path = tmp_path / "a.npz"
    with Recorder(gym.make("CartPole-v1"), path) as env:
        env.unwrapped.np_random = np.random.default_rng(0)
        env.reset()
    assert cli.main(["replay", str(path), "CartPole-v1"]) == 1
    assert "in the reset of episode 0 (seed=None):\n- obs" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("record odd_envs:Failing --output a.npz", "odd_envs:Failing raised ZeroDivis"),
        ("record no_module:make --output a.npz", "can't import 'no_module': there is"),
        ("record odd_envs:Odd --output .", "expected path to be the name of a file"),
        ("record odd_envs:Odd --output a.npz --actions b.npz", "Can't read the record"),
        ("replay good.npz odd_envs:Failing", "odd_envs:Failing raised ZeroDivisionErr"),
        ("replay good.npz no_module:make", "can't import 'no_module': there is no"),
        (
            "replay missing.npz",
            "Can't read the recording missing.npz: it can't be read",
        ),
        (
            "replay odd_envs.py odd_envs:Odd",
            "Can't read the recording odd_envs.py: it ",
        ),
    ],
)
def test_errors_are_one_line(target, tmp_path, capsys, words, message):
    with Recorder(Odd(), tmp_path / "good.npz") as env:
        env.reset()
        for _ in range(4):
            env.step(0)
    assert cli.main(words.split()) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"rltools: {message}")
    assert err.count("\n") == 1
    assert not (tmp_path / "a.npz").exists()


@pytest.mark.parametrize(
    "words",
    [
        "record",
        "record CartPole-v1",
        "record CartPole-v1 --output a --steps 0",
        "record CartPole-v1 --output a --steps 1 --episodes 1",
        "record CartPole-v1 --output a --seed -1",
        "replay",
    ],
)
def test_bad_arguments(capsys, words):
    with pytest.raises(SystemExit) as caught:
        cli.main(words.split())
    assert caught.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_the_command_line_stays_light():
    program = "import sys, rltools.cli; print(*{'numpy', 'gymnasium'} & {*sys.modules})"
    child = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert child.stdout.split() == []
