import pytest

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


@pytest.fixture(scope="session")
def browser():
    """A browser to open pages in; see `Browser.open`. Without one the test skips."""
    with Browser() as browser:
        yield browser
