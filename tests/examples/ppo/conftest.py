import shutil

import pytest

from examples.ppo import train
from examples.ppo.config import Config
from tests.examples.ppo.browser import Browser


@pytest.fixture
def make_config():
    """Builds small configs: two agents, three steps each, two minibatches of three."""

    def build(**changes):
        options = {
            "env": "Pendulum-v1",
            "num_agents": 2,
            "max_length": 5,
            "steps": 24,
            "update_every": 6,
            "update_epochs": 2,
            "batch_size": 3,
            "eval_every": 12,
            "eval_agents": 2,
            "eval_episodes": 4,
            "policy_layers": (8,),
            "value_layers": (8, 4),
            "learning_rate": 1e-2,
        }
        return Config(**(options | changes))

    return build


@pytest.fixture(scope="module")  # While other tests run it would take their time.
def browser():
    """A browser to open pages in; see `Browser.open`. Without one the test skips."""
    with Browser() as browser:
        yield browser


@pytest.fixture(scope="session")
def trained_run(tmp_path_factory):
    """Folder of a short run of a pendulum with two checkpoints; not to be changed."""
    logdir = tmp_path_factory.mktemp("logs")
    options = {
        "num_agents": 2,
        "max_length": 8,
        "update_every": 32,
        "batch_size": 16,
        "update_epochs": 2,
        "eval_every": 64,
        "steps": 128,
        "eval_agents": 2,
        "eval_episodes": 4,
        "normalize_observations": "true",
    }
    changes = [f"--set={name}={value}" for name, value in options.items()]
    logdir_and_config = [f"--logdir={logdir}", "--config=pendulum"]
    assert train.run([*logdir_and_config, "--noenv_processes", *changes]) == 0
    [folder] = logdir.iterdir()
    return folder


@pytest.fixture
def copied_run(trained_run, tmp_path):
    """A copy of the run, to be changed at will."""
    folder = tmp_path / "logs" / trained_run.name
    shutil.copytree(trained_run, folder)
    return folder
