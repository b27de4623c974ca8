import dataclasses

import pytest

from examples.ppo.config import Config
from rltools.errors import ConfigError


def test_configs_are_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Config(env="CartPole-v1").steps = 3


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
        ("filters", (), "Expected filters to be one to three sizes, got ()"),
        ("filters", (8,) * 4, "Expected filters to be one to three sizes"),
        ("filters", (8, 0), "Expected filters to be positive sizes"),
        ("chunk_length", 0, "Expected chunk_length to be more than 0, got 0"),
        ("chunk_length", 4, "Expected chunk_length to be 1 for the network 'feed_f"),
        ("kl_target", 0.0, "Expected kl_target to be more than 0, got 0.0"),
        ("kl_cutoff_coef", -1.0, "Expected kl_cutoff_coef to be at least 0, got -1.0"),
        ("network", "feedforward", "no network 'feedforward'; did you mean 'feed_for"),
        ("acting", "array", "no acting 'array'; did you mean 'arrays'?"),
        ("loss", "klip", "There is no loss 'klip'; did you mean 'clip'?"),
        ("optimizer", "adma", "There is no optimizer 'adma'; did you mean 'adam'?"),
        ("clip_range_schedule", "x", "known are linear, constant."),
        ("learning_rate_schedule", "liner", "did you mean 'linear'?"),
    ],
)
def test_every_value_is_checked(name, value, expected):
    with pytest.raises(ConfigError) as error:
        Config(**{"env": "CartPole-v1", name: value})
    assert expected in str(error.value)


def test_a_whole_number_is_a_fine_float():
    assert Config(env="CartPole-v1", discount=1).discount == 1


@pytest.mark.parametrize(
    ("network", "acting", "expected"),
    [
        ("feed_forward", "auto", False),
        ("feed_forward", "graph", True),
        ("feed_forward", "arrays", False),
        ("recurrent", "auto", True),
        ("convolutional", "auto", True),
        ("convolutional", "graph", True),
    ],
)
def test_where_the_policy_acts(network, acting, expected):
    config = Config(env="CartPole-v1", network=network, acting=acting)
    assert config.acts_in_graph is expected


def test_sizes_that_follow_from_others():
    config = Config(env="CartPole-v1", max_length=100, eval_agents=4, eval_episodes=10)
    assert config.rollout_length * config.num_agents == config.update_every
    assert config.num_updates * config.update_every == config.steps
    assert config.episodes_per_agent == 3
    assert config.eval_steps == 4 * 3 * 100


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"acting": "arrays"},
            "acting to be 'graph' or 'auto' for the network 'recurrent', got 'arrays'",
        ),
        ({"chunk_length": 3}, "batch_size to be a multiple of chunk_length=3, got 64"),
        (
            {"chunk_length": 64, "update_every": 960, "num_agents": 30},
            "chunk_length to be a divisor of update_every / num_agents = 32, got 64",
        ),
    ],
)
def test_chunks_fit_into_minibatches_and_rollouts(changes, expected):
    sizes = {"eval_every": 960, "steps": 960} if "update_every" in changes else {}
    with pytest.raises(ConfigError) as error:
        Config(env="CartPole-v1", network="recurrent", **changes, **sizes)
    assert expected in str(error.value)


def test_recurrent_networks_take_chunks():
    config = Config(env="CartPole-v1", network="recurrent", chunk_length=32)
    assert config.chunk_length == 32
