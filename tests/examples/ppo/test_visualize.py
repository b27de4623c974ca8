import json
import os
import re
import sys

import numpy as np
import pytest
import tensorflow as tf

from examples.ppo import visualize
from examples.ppo.commands.options import change_config, save_config
from examples.ppo.ppo import PPO
from examples.ppo.runs.environments import make_env
from examples.ppo.runs.simulation import DeterministicPolicy
from examples.ppo.runs.trained_run import find_trained_run

imageio_ffmpeg = pytest.importorskip("imageio_ffmpeg")
pytest.importorskip("pygame")

pytestmark = pytest.mark.timeout(300)  # A run is trained first.

NO_PICTURES = """
import gymnasium as gym
import numpy as np

class Env(gym.Env):
    observation_space = gym.spaces.Box(-1, 1, (3,), np.float32)
    action_space = gym.spaces.Box(-2, 2, (1,), np.float32)

gym.register("NoPictures-v0", Env)
"""


def run(folder, outdir, *arguments):
    return visualize.run(
        [f"--logdir={folder.parent}", f"--outdir={outdir}", *arguments]
    )


def content(outdir):
    text = (outdir / "index.html").read_text()
    return json.loads(re.search(r'id="data">(.*?)</script>', text)[1])


@pytest.fixture(scope="module", params=["--env_processes", "--noenv_processes"])
def outdir(request, trained_run, tmp_path_factory):
    outdir = tmp_path_factory.mktemp("visualize") / "out"
    options = ["--num_episodes=3", "--num_agents=2", "--seed=5", request.param]
    assert run(trained_run, outdir, *options) == 0
    return outdir


def test_one_video_for_each_episode_with_a_frame_for_each_observation(outdir):
    names = sorted(path.name for path in outdir.iterdir() if path.name[0] != ".")
    videos = [f"episode-{number}.mp4" for number in (1, 2, 3)]
    assert names == [*videos, "index.html"]
    for name in videos:
        frames, _ = imageio_ffmpeg.count_frames_and_secs(str(outdir / name))
        assert frames == 8 + 1
    data = content(outdir)
    assert data["frames_per_second"] == 30
    assert [episode["video"] for episode in data["episodes"]] == videos


def test_what_is_shown_is_what_happens(outdir):
    """The traces are a trajectory of the environment, in units of its own."""
    import gymnasium as gym

    for episode in content(outdir)["episodes"][:2]:
        env = gym.make("Pendulum-v1")
        observ, _ = env.reset(seed=5 + episode["number"] - 1)
        assert len(episode["observations"]) == 3
        rewards = []
        for step, action in enumerate(episode["actions"][0]["values"]):
            seen = [trace["values"][step] for trace in episode["observations"]]
            np.testing.assert_allclose(seen, observ, atol=2e-2)
            # The policy acts in [-1, 1], which stands for torques in [-2, 2].
            torque = 2 * np.clip([action], -1, 1)
            observ, reward, *_ = env.step(torque.astype(np.float32))
            rewards.append(reward)
        np.testing.assert_allclose(episode["reward"], rewards, atol=5e-2)
        assert episode["score"] == pytest.approx(sum(rewards), abs=0.2)
        assert (episode["length"], episode["terminated"]) == (8, False)
        assert len(episode["value"]) == len(episode["followed"]) == 8


def test_values_are_those_of_the_observations(outdir, trained_run):
    run = find_trained_run(trained_run.parent, None, None)
    env = make_env(run.config)
    algo = PPO(env.observation_space, env.action_space, run.config)
    run.restore(algo)
    policy = DeterministicPolicy(algo, 8, with_values=True)
    for episode in content(outdir)["episodes"]:
        traces = [trace["values"][:8] for trace in episode["observations"]]
        policy.perform(tf.range(8), np.array(traces, np.float32).T)
        np.testing.assert_allclose(episode["value"], policy.value, rtol=2e-2, atol=2e-2)
        assert np.ptp(episode["value"]) > 0.1


def test_it_works_in_a_browser(outdir, browser):
    page = browser.open(outdir / "index.html", width=375)
    loaded = (
        "video.readyState >= 3 ? resolve() : video.addEventListener('canplay', resolve)"
    )
    page.evaluate(f"new Promise(resolve => {{ {loaded}; }})")
    assert page.evaluate("video.duration") == pytest.approx(9 / 30, abs=0.01)
    assert page.evaluate("video.videoWidth") == 500
    assert page.evaluate('document.querySelectorAll(".plot path").length') == 7
    assert page.complaints == []


def test_an_earlier_page_is_replaced_and_that_is_said(trained_run, tmp_path, capsys):
    options = ["--num_episodes=1", "--noenv_processes"]
    assert run(trained_run, tmp_path / "out", "--num_episodes=2", *options[1:]) == 0
    assert "Replaces" not in capsys.readouterr().out
    assert run(trained_run, tmp_path / "out", *options, "--checkpoint=96") == 0
    output = capsys.readouterr().out.splitlines()
    assert output[0] == f"Replaces the earlier page in {tmp_path / 'out'}"
    assert re.fullmatch(r"episode-1\.mp4: return -\d+\.\d in 8 steps", output[1])
    assert output[2] == f"Open in a browser: {tmp_path / 'out' / 'index.html'}"
    assert not (tmp_path / "out" / "episode-2.mp4").exists()
    assert "after 64 training steps" in (tmp_path / "out" / "index.html").read_text()


def test_files_of_a_user_are_left_alone(trained_run, tmp_path, capsys):
    (tmp_path / "thesis.tex").touch()
    assert run(trained_run, tmp_path) == 2
    assert "holds other files, such as 'thesis.tex'" in capsys.readouterr().err


@pytest.mark.parametrize("process", ["--env_processes", "--noenv_processes"])
def test_an_environment_without_pictures_is_one_line(
    copied_run, tmp_path, capsys, monkeypatch, process
):
    (tmp_path / "no_pictures.py").write_text(NO_PICTURES)
    monkeypatch.syspath_prepend(tmp_path)
    config = find_trained_run(copied_run.parent, None, None).config
    changed = change_config(config, ["env=no_pictures:NoPictures-v0"])
    save_config(changed, copied_run / "config.json")
    assert run(copied_run, tmp_path / "out", process) == 2
    assert capsys.readouterr().err == (
        "error: no_pictures:NoPictures-v0 can't be shown, as it has no render mode "
        "'rgb_array': its metadata['render_modes'] is [].\n"
    )
    assert not (tmp_path / "out").exists()


def test_an_error_on_the_way_leaves_nothing(
    trained_run, tmp_path, capsys, monkeypatch, rltools_leftovers
):
    from examples.ppo.videos import recorder

    def fail(*_):
        raise OSError("the projector is broken\nand more")

    monkeypatch.setattr(recorder, "traces_of", fail)
    assert run(trained_run, tmp_path / "out", "--num_agents=2") == 2
    assert capsys.readouterr().err == "error: OSError: the projector is broken\n"
    assert list(tmp_path.iterdir()) == []
    assert run(trained_run, tmp_path / "out", "--traceback", "--noenv_processes") == 2
    error = capsys.readouterr().err
    assert error.startswith("Traceback")
    assert error.endswith("\nerror: OSError: the projector is broken\n")


@pytest.fixture
def rltools_leftovers():
    """Fails if the test leaves a child process behind."""

    def children():
        listing = f"/proc/self/task/{os.getpid()}/children"
        with open(listing) as file:
            return set(file.read().split())

    before = children()
    yield
    assert children() <= before


def test_a_missing_extra_is_named(trained_run, tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    assert run(trained_run, tmp_path / "out") == 2
    assert 'pip install "rltools[ppo]"' in capsys.readouterr().err


def test_ctrl_c_leaves_nothing(trained_run, tmp_path, capsys, monkeypatch):
    from examples.ppo.videos import recorder

    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(recorder, "traces_of", interrupt)
    assert run(trained_run, tmp_path / "out", "--noenv_processes") == 130
    assert capsys.readouterr().err == "\nInterrupted.\n"
    assert list(tmp_path.iterdir()) == []
