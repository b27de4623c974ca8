import logging
import shutil

import gymnasium as gym
import numpy as np
import pytest
import tensorflow as tf

from examples.ppo.commands.options import change_config, save_config
from examples.ppo.ppo import PPO
from examples.ppo.runs.environments import make_env
from examples.ppo.runs.trained_run import find_trained_run
from rltools.errors import CheckpointError, ConfigError

pytestmark = pytest.mark.timeout(300)  # A run is trained first.


def checkpoints(folder):
    paths = (folder / "checkpoints").iterdir()
    return sorted(paths, key=lambda path: int(path.name.removeprefix("checkpoint-")))


def load(folder, checkpoint=None):
    run = find_trained_run(folder.parent, None, checkpoint)
    env = make_env(run.config)
    algo = PPO(env.observation_space, env.action_space, run.config)
    return algo, run.restore(algo)


def damage(checkpoint):
    path = checkpoint / "checkpoint.data-00000-of-00001"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def assert_holds(algo, path):
    """All that the policy consists of is in the checkpoint, as TensorFlow reads it."""
    reader = tf.train.load_checkpoint(str(path / "checkpoint"))
    saved = {
        np.asarray(reader.get_tensor(name)).tobytes()
        for name in reader.get_variable_to_shape_map()
    }
    for module in (algo.network, algo.observ_filter, algo.return_filter):
        for variable in module.variables:
            assert variable.numpy().tobytes() in saved


def test_the_newest_checkpoint_or_the_one_that_is_named(trained_run):
    older, newest = checkpoints(trained_run)
    number = older.name.removeprefix("checkpoint-")
    for name, meant, updates in [
        (None, newest, 4),
        (number, older, 2),
        (str(older), older, 2),
        (str(newest), newest, 4),
    ]:
        algo, restored = load(trained_run, name)
        assert restored.path == meant
        assert restored.step == int(meant.name.removeprefix("checkpoint-"))
        assert int(algo.learner.num_updates) == updates
        assert_holds(algo, meant)
    with pytest.raises(AssertionError):
        assert_holds(algo, older)


def test_the_newest_run_of_the_folder(copied_run):
    for name in ("20000101T000000-a", "20990101T000000-no_run"):
        (copied_run.parent / name).mkdir()
    shutil.copy(copied_run / "config.json", copied_run.parent / "20000101T000000-a")
    assert find_trained_run(copied_run.parent, None, None).folder == copied_run
    with pytest.raises(CheckpointError, match="20000101T000000-a has no checkpoint"):
        find_trained_run(copied_run.parent, "20000101T000000", None)


def test_no_run(tmp_path):
    with pytest.raises(ConfigError, match="There are no runs in"):
        find_trained_run(tmp_path, None, None)


def test_a_damaged_checkpoint_is_skipped_with_a_warning(copied_run, caplog):
    older, newest = checkpoints(copied_run)
    damage(newest)
    with caplog.at_level(logging.WARNING, "rltools.checkpoints"):
        algo, restored = load(copied_run)
    assert restored.path == older
    assert_holds(algo, older)
    assert str(newest) in caplog.text


def test_a_damaged_checkpoint_that_was_named_is_an_error(copied_run):
    newest = checkpoints(copied_run)[-1]
    damage(newest)
    with pytest.raises(CheckpointError) as caught:
        load(copied_run, str(newest))
    assert str(caught.value) == f"The checkpoint {newest} is not intact."


def test_no_intact_checkpoint(copied_run):
    for path in checkpoints(copied_run):
        damage(path)
    with pytest.raises(CheckpointError) as caught:
        load(copied_run)
    folder = copied_run / "checkpoints"
    assert str(caught.value) == f"No checkpoint in {folder} is intact."


@pytest.mark.parametrize(
    "change", ["policy_layers=[32,32]", "policy_layers=[64]", "policy_layers=[64,64,8]"]
)
def test_a_checkpoint_of_another_config_is_one_line(copied_run, change):
    run = find_trained_run(copied_run.parent, None, None)
    save_config(change_config(run.config, [change]), copied_run / "config.json")
    with pytest.raises(CheckpointError, match="is not one of the config and the") as e:
        load(copied_run)
    assert "\n" not in str(e.value)


def test_a_checkpoint_with_more_in_it_is_foreign(copied_run):
    # All that the algorithm has is in the checkpoint, and something else is, too.
    run = find_trained_run(copied_run.parent, None, None)
    env = gym.make("Pendulum-v1")
    algo = PPO(env.observation_space, env.action_space, run.config)
    del algo.checkpoint.return_filter
    with pytest.raises(CheckpointError, match="is not one of the config"):
        run.restore(algo)


@pytest.mark.parametrize("name", ["7", "checkpoint-7", ".", "checkpoint-x", "", "-1"])
def test_no_such_checkpoint(trained_run, name):
    with pytest.raises(CheckpointError) as caught:
        find_trained_run(trained_run.parent, None, name)
    if name == "7":
        steps = ", ".join(
            path.name[len("checkpoint-") :] for path in checkpoints(trained_run)
        )
        assert str(caught.value).endswith(f"no checkpoint 7; there are: {steps}.")
    else:
        assert "Expected the number of a checkpoint or a folder" in str(caught.value)
