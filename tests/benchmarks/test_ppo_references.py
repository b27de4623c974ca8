import pytest

from benchmarks.ppo_references import REFERENCES, Reference, find_reference
from examples.ppo.configs import CONFIGS


def test_the_best_score_of_no_more_steps_counts():
    assert find_reference("Acrobot-v1", 300_000).score == -81
    assert find_reference("Acrobot-v1", 500_000).score == -81
    assert find_reference("Acrobot-v1", 1_000_000).score == -73.5
    assert find_reference("HalfCheetah-v5", 1_024_000).score == 5819


def test_rounding_steps_down_is_no_excuse():
    assert find_reference("Acrobot-v1", 960_000).score == -73.5
    assert find_reference("Acrobot-v1", 950_000).score == -81


def test_the_fewest_steps_count_where_all_took_more():
    expected = Reference(-172.0, 100_000, "rl-zoo3", "one tuned run")
    assert find_reference("Pendulum-v1", 1000) == expected
    assert find_reference("Hopper-v5", 1000).score == 2609


@pytest.mark.parametrize("env", ["Humanoid-v5", "Hopper", "my:Task-v0", ""])
def test_none_may_be_known(env):
    assert find_reference(env, 1_000_000) is None


def test_tells_where_it_is_from():
    reference = find_reference("CartPole-v1", 99_840)
    assert str(reference) == "rl-zoo3 at 100,000 steps"
    assert reference.measure


def test_all_are_of_configs_or_to_be():
    known = {config.env.rpartition("-v")[0] for config in CONFIGS.values()}
    assert {"CartPole", "Pendulum"} <= known & REFERENCES.keys()
