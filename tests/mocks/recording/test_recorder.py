import os
import zipfile
from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import data_equivalence

from rltools import mocks
from rltools.errors import (
    ClosedError,
    InvalidArgumentError,
    RecordingError,
    ResetNeededError,
)
from rltools.mocks import MockEnvironment, Recorder, Replay
from rltools.mocks.recording import archive
from rltools.mocks.recording.recording import load

DISCRETE = gym.spaces.Discrete(5)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "recording.npz"


def make_scripted(scripted, *infos):
    """An environment whose steps have these infos."""
    steps = [(1, 0.0, False, False, info) for info in infos]
    return scripted(DISCRETE, DISCRETE, [(0, {})] * 10, steps)


def test_results_are_passed_on_as_they_are(scripted, path):
    observ, info = np.zeros(3), {"a": [1]}
    results = [(observ, 1.5, np.True_, False, info)]
    env = Recorder(scripted(DISCRETE, DISCRETE, [(observ, info)], results), path)
    assert env.reset(seed=1, options={"a": 2}) == (observ, info)
    assert env.step(1) is results[0]
    assert env.reset.__self__ is env


def test_the_environment_does_not_notice(path, play):
    def states(env):
        spaces = env.action_space, env.observation_space
        return [space._np_random for space in spaces] + [env.unwrapped._np_random]

    plain, recorded = gym.make("Pendulum-v1"), gym.make("Pendulum-v1")
    env = Recorder(recorded, path)
    assert states(recorded) == [None, None, None]
    expected = play(plain, [3, None], steps=20)
    assert data_equivalence(play(env, [3, None], steps=20), expected, exact=True)
    assert states(recorded)[:2] == [None, None]  # Nobody has sampled.
    draws = [each.unwrapped.np_random.random() for each in (plain, recorded)]
    assert draws[0] == draws[1]


def test_actions_are_recorded_as_they_were_given(path):
    class Greedy(MockEnvironment):
        def step(self, action):
            result = super().step(action)
            action += 1
            return result

    with Recorder(Greedy((1,), (2,), 5, 5, seed=0), path) as env:
        env.reset()
        env.step(np.zeros(2, np.float32))
    recording = load(path)
    assert recording.action(recording.episodes[0], 0).tolist() == [0, 0]


def test_a_reused_buffer_is_recorded_as_it_was(path, scripted):
    class Reusing(MockEnvironment):
        buffer = np.zeros(2)
        info = {"steps": 0}

        def step(self, action):
            self.buffer += 1
            self.info["steps"] += 1
            return self.buffer, 0.0, False, False, self.info

    with Recorder(Reusing((2,), (1,)), path) as env:
        env.reset()
        for _ in range(3):
            env.step(np.zeros(1, np.float32))
    recording = load(path)
    results = [recording.step_result(recording.episodes[0], k) for k in range(3)]
    assert [result[0].tolist() for result in results] == [[1, 1], [2, 2], [3, 3]]
    assert [result[-1] for result in results] == [{"steps": k} for k in (1, 2, 3)]


def test_nothing_is_written_before_the_end(path):
    env = Recorder(gym.make("CartPole-v1"), path)
    env.reset(seed=0)
    env.step(1)
    assert list(path.parent.iterdir()) == []
    env.close()
    assert list(path.parent.iterdir()) == [path]
    assert path.stat().st_mode & 0o777 == 0o666 & ~_umask()


def _umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_save_writes_what_there_is_so_far(path):
    env = Recorder(gym.make("CartPole-v1"), path)
    env.reset(seed=0)
    env.save()
    assert [episode.steps for episode in load(path).episodes] == [0]
    env.step(1)
    env.save()
    assert [episode.steps for episode in load(path).episodes] == [1]
    before = path.stat().st_mtime_ns, path.stat().st_ino
    env.close()  # There is nothing new.
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == before


def test_close_saves_once_and_closes_the_environment(path, scripted):
    inner = make_scripted(scripted, {})
    env = Recorder(inner, path)
    env.reset()
    env.close()
    path.unlink()
    env.close()
    assert not path.exists()
    assert inner.closed == 1
    for call in (env.reset, lambda: env.step(1)):
        with pytest.raises(ClosedError, match="a closed recorder"):
            call()
    env.save()
    assert path.exists()


def test_close_without_saving(path):
    env = Recorder(gym.make("CartPole-v1"), path, save_on_close=False)
    env.reset(seed=0)
    env.close()
    assert not path.exists()
    env.save()
    assert len(load(path).episodes) == 1


def test_without_a_reset_nothing_is_written(path):
    path.write_text("earlier")
    env = Recorder(gym.make("CartPole-v1"), path)
    with pytest.raises(RecordingError, match="not written: there was no reset"):
        env.save()
    env.close()
    assert path.read_text() == "earlier"


def test_a_step_before_the_first_reset(path, scripted):
    env = Recorder(make_scripted(scripted, {}), path)
    with pytest.raises(ResetNeededError, match="before the first reset"):
        env.step(1)
    env.reset()
    env.step(1)
    env.close()
    assert [episode.steps for episode in load(path).episodes] == [1]


def test_discard(path):
    path.write_text("earlier")
    env = Recorder(gym.make("CartPole-v1"), path)
    env.reset(seed=0)
    env.discard()
    env.step(1)  # Works on.
    with pytest.raises(RecordingError, match="not written: it was discarded"):
        env.save()
    env.close()
    assert path.read_text() == "earlier"


@pytest.mark.parametrize("how", ["unrecordable", "environment", "interrupt", "tuple"])
def test_an_error_leaves_an_earlier_file_alone(path, scripted, how):
    path.write_text("earlier")
    infos = [{}, {"sim": [object()]}, {}]
    inner = make_scripted(scripted, *infos)
    error, message = {
        "unrecordable": (
            RecordingError,
            r"step 2 of episode 1: info\['sim'\]\[0\]: can't record a builtins.object",
        ),
        "environment": (ZeroDivisionError, None),
        "interrupt": (KeyboardInterrupt, None),
        "tuple": (
            RecordingError,
            "step 2 of episode 1: result: expected a tuple ",
        ),
    }[how]
    env = Recorder(inner, path)
    env.reset(seed=0)
    env.reset(seed=1)
    env.step(1)
    if how in ("environment", "interrupt"):

        def fail(action):
            raise error

        inner.step = fail
    if how == "tuple":
        inner.step = lambda action: (1, 0.0, False, {})
    with pytest.raises(error, match=message):
        env.step(1)
    inner.step = lambda action: (1, 0.0, False, False, {})
    env.step(1)  # Of no effect on the file.
    with pytest.raises(RecordingError, match=r"was not written: step 2 of episode 1"):
        env.save()
    env.close()
    assert path.read_text() == "earlier"
    assert inner.closed == 1


def test_an_error_in_a_reset_is_named(path, scripted):
    inner = scripted(DISCRETE, DISCRETE, [(0, {"a": object()})], [])
    env = Recorder(inner, path)
    message = r"the reset of episode 0: info\['a'\]: .*\. Nothing is saved\.$"
    with pytest.raises(RecordingError, match=message):
        env.reset()
    env = Recorder(inner, path)
    with pytest.raises(
        RecordingError, match=r"episode 0: options\['a'\]: can't record"
    ):
        env.reset(options={"a": {1}})


def test_a_block_left_by_an_exception_writes_nothing(path, scripted):
    inner = make_scripted(scripted, {})

    def play():
        with Recorder(inner, path) as env:
            env.reset()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        play()
    assert not path.exists()
    assert inner.closed == 1


def test_a_full_disk_leaves_an_earlier_file_alone(path, scripted, monkeypatch):
    path.write_text("earlier")
    inner = make_scripted(scripted, {})
    env = Recorder(inner, path)
    env.reset()

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(archive.os, "fsync", full)
    with pytest.raises(RecordingError, match=r"was not written: .*No space left"):
        env.close()
    assert inner.closed == 1
    assert list(path.parent.iterdir()) == [path]
    assert path.read_text() == "earlier"
    monkeypatch.undo()
    env.save()
    assert len(load(path).episodes) == 1


def test_the_content_is_on_the_disk_before_it_has_its_name(path, monkeypatch):
    events = []
    fsync, replace = os.fsync, Path.replace

    def watched_fsync(descriptor):
        events.append("sync")
        fsync(descriptor)

    def watched_replace(self, target):
        events.append(("replace", self.stat().st_size > 0, self.parent == path.parent))
        return replace(self, target)

    monkeypatch.setattr(os, "fsync", watched_fsync)
    monkeypatch.setattr(Path, "replace", watched_replace)
    with Recorder(gym.make("CartPole-v1"), path) as env:
        env.reset(seed=0)
    assert events == ["sync", ("replace", True, True), "sync"]


def test_the_folder_is_made_and_the_path_is_fixed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    env = Recorder(gym.make("CartPole-v1"), "new/folder/file")
    other = tmp_path / "elsewhere"
    other.mkdir()
    monkeypatch.chdir(other)
    with env:
        env.reset(seed=0)
    assert (tmp_path / "new" / "folder" / "file").is_file()
    assert env.path == tmp_path / "new" / "folder" / "file"


def test_equal_recordings_are_equal_files(tmp_path, play):
    paths = [tmp_path / name for name in "ab"]
    for path in paths:
        with Recorder(gym.make("CartPole-v1"), path) as env:
            play(env, [0, 1])
    assert paths[0].read_bytes() == paths[1].read_bytes()
    with zipfile.ZipFile(paths[0]) as archive_file:  # Nor does it say when it was.
        dates = {member.date_time for member in archive_file.infolist()}
    assert dates == {(1980, 1, 1, 0, 0, 0)}


def test_bad_arguments(tmp_path):
    with pytest.raises(
        InvalidArgumentError, match=r"env to be a gymnasium\.Env, got 3"
    ):
        Recorder(3, tmp_path / "a")
    env = gym.make("CartPole-v1")
    with pytest.raises(InvalidArgumentError, match="path to be the name of a file"):
        Recorder(env, tmp_path)
    for path in (3, None, b"a", "", "a\0b"):
        for make in (lambda path: Recorder(env, path), Replay, load):
            with pytest.raises(InvalidArgumentError, match="path to be a path"):
                make(path)
    with pytest.raises(InvalidArgumentError, match="max_bytes to be an integer"):
        load(tmp_path / "a", max_bytes="1")
    (tmp_path / "file").write_text("")
    with pytest.raises(InvalidArgumentError, match="the folder of path"):
        Recorder(env, tmp_path / "file" / "recording.npz")


def test_spaces_and_metadata_that_cannot_be_recorded(path, scripted):
    class Own(gym.spaces.Box):
        pass

    env = MockEnvironment(observation_space=DISCRETE, action_space=DISCRETE)
    env.action_space = gym.spaces.Tuple([Own(0, 1)])
    with pytest.raises(
        RecordingError, match=r"action_space\[0\]: can't record a .*Own"
    ):
        Recorder(env, path)
    env.action_space = DISCRETE
    env.metadata = {"render_modes": [], "owner": object()}
    with pytest.raises(
        RecordingError, match=r"\['metadata'\]\['owner'\]: can't record"
    ):
        Recorder(env, path)


def test_an_odd_description(path):
    env = MockEnvironment((1,), (1,))
    env.metadata = None
    env.spec = "CartPole-v1"
    with Recorder(env, path) as recorder:
        recorder.reset()
    replay = Replay(path)
    assert replay.metadata == {}
    assert replay.spec is None


def test_the_spec_names_the_wrapper(path):
    env = Recorder(gym.make("CartPole-v1"), path)
    assert env.spec.additional_wrappers[-1].kwargs == {
        "path": str(path),
        "save_on_close": True,
    }


def test_ten_thousand_steps_of_pendulum_are_small(path):
    env = Recorder(gym.make("Pendulum-v1"), path)
    actions = np.random.default_rng(0).uniform(-2, 2, (10_000, 1)).astype(np.float32)
    env.reset(seed=0)
    for action in actions:
        if env.step(action)[3]:
            env.reset()
    env.close()
    assert path.stat().st_size < 300_000


def test_numpy_reads_the_file(path):
    with Recorder(gym.make("Pendulum-v1"), path) as env:
        first, _ = env.reset(seed=0)
        for _ in range(4):
            last, *_ = env.step(np.zeros(1, np.float32))
    with np.load(path, allow_pickle=False) as arrays:
        observations = arrays["observation.float32"].reshape(-1, 3)
        assert arrays["calls"].tolist() == [0, 1, 1, 1, 1]
        assert b'"version":1' in arrays["recording.json"]
    assert np.array_equal(observations[0], first)
    assert np.array_equal(observations[-1], last)
    assert len(observations) == 5


def test_it_is_exported():
    assert mocks.Recorder is Recorder
    assert mocks.Replay is Replay
