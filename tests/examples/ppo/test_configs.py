import dataclasses

import pytest

from examples.ppo.configs import CONFIGS, Config
from rltools.errors import ConfigError


def test_configs_are_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        CONFIGS["pendulum"].steps = 3


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("env", 3, "Expected env to be str, got 3 (int)"),
        ("steps", 1e6, "Expected steps to be int, got 1000000.0 (float)"),
        ("steps", True, "Expected steps to be int, got True (bool)"),
        ("discount", "0.9", "Expected discount to be float, got '0.9' (str)"),
        ("discount", True, "Expected discount to be float, got True (bool)"),
        ("learning_rate", float("inf"), "Expected learning_rate to be float, got inf"),
        ("learning_rate", float("nan"), "Expected learning_rate to be float, got nan"),
        ("normalize_rewards", 1, "Expected normalize_rewards to be bool, got 1 (int)"),
        ("policy_layers", 64, "Expected policy_layers to be a list of whole numbers"),
        ("policy_layers", (64, 1.5), "policy_layers to be a list of whole numbers"),
        ("policy_layers", (0,), "policy_layers to be positive sizes, got (0,)"),
        ("learning_rate", 0.0, "Expected learning_rate to be more than 0, got 0.0"),
        ("seed", -1, "Expected seed to be at least 0, got -1"),
        ("discount", 1.1, "Expected discount to be between 0 and 1, got 1.1"),
        ("update_every", 2049, "a multiple of num_agents=8, got 2049"),
        ("batch_size", 60, "update_every to be a multiple of batch_size=60"),
        ("batch_size", 4096, "update_every to be a multiple of batch_size=4096"),
        ("eval_every", 2049, "eval_every to be a multiple of update_every=2048"),
        ("steps", 0, "steps to be a multiple of eval_every=102400, got 0"),
        ("network", "feed_forward", "There is no network 'feed_forward'; did you mean"),
    ],
)
def test_every_value_is_checked(name, value, expected):
    with pytest.raises(ConfigError) as error:
        Config(**{"env": "CartPole-v1", name: value})
    assert expected in str(error.value)


def test_a_whole_number_is_a_fine_float():
    assert Config(env="CartPole-v1", discount=1).discount == 1


def test_sizes_that_follow_from_others():
    config = Config(env="CartPole-v1", max_length=100, eval_agents=4, eval_episodes=10)
    assert config.rollout_length * config.num_agents == config.update_every
    assert config.num_updates * config.update_every == config.steps
    assert config.episodes_per_agent == 3
    assert config.eval_steps == 4 * 3 * 100
