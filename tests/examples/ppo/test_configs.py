import gymnasium as gym
import pytest

from examples.ppo.configs import CONFIGS
from examples.ppo.networks.actor_critic import define_network
from examples.ppo.runs.environments import make_env

TASKS = {
    *("pendulum", "cartpole", "reacher", "cheetah"),
    *("walker", "hopper", "ant", "humanoid"),
}
NAMED = [name for name, config in CONFIGS.items() if config.env]


def test_all_that_are_promised_are_there():
    assert set(CONFIGS) > TASKS
    assert set(CONFIGS) - set(NAMED) == {"custom"}


@pytest.mark.parametrize("name", NAMED)
def test_every_config_fits_its_environment(name):
    config = CONFIGS[name]
    # Evaluation is for measuring, not what most of the time goes into.
    assert config.eval_agents <= config.eval_episodes
    assert config.num_updates >= 20
    spec = gym.spec(config.env)
    assert spec.max_episode_steps == config.max_length
    try:
        env = make_env(config)
    except gym.error.DependencyNotInstalled as error:
        pytest.skip(str(error))
    define_network(env.observation_space, env.action_space, config)
    env.close()
