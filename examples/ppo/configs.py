"""The runs that are tuned and tested, by name."""

import dataclasses

from examples.ppo.config import Config

# What the MuJoCo tasks share: the recipe of Tianshou's published results (Weng et al.,
# 2022, "Tianshou: a Highly Modularized Deep RL Library"), which are the defaults.
_MUJOCO = Config(
    env="HalfCheetah-v5",
    steps=2048 * 490,
    update_every=2048,
    eval_every=2048 * 49,
    eval_agents=10,
    eval_episodes=10,
)


def _mujoco(env: str, **changes: object) -> Config:
    return dataclasses.replace(_MUJOCO, env=env, **changes)  # type: ignore[arg-type]


CONFIGS = {
    # Classic control, after the tuned settings of rl-zoo3 (Raffin, 2020).
    "pendulum": Config(
        env="Pendulum-v1",
        max_length=200,
        num_agents=4,
        normalize_observations=False,
        steps=4096 * 24,
        update_every=4096,
        eval_every=4096 * 6,
        eval_agents=10,
        learning_rate=1e-3,
        discount=0.95,
        init_std=1.0,
    ),
    "cartpole": Config(
        env="CartPole-v1",
        max_length=500,
        normalize_observations=False,
        normalize_rewards=False,
        steps=256 * 390,
        update_every=256,
        update_epochs=20,
        batch_size=256,
        eval_every=256 * 130,
        eval_agents=10,
        learning_rate=1e-3,
        clip_range_schedule="linear",
        discount=0.98,
        gae_lambda=0.8,
    ),
    "acrobot": Config(
        env="Acrobot-v1",
        max_length=500,
        num_agents=16,
        steps=4096 * 72,
        update_every=4096,
        eval_every=4096 * 18,
        eval_agents=10,
        learning_rate=1e-3,
        gae_lambda=0.94,
    ),
    "lunar_lander": Config(
        env="LunarLander-v3",
        max_length=1000,
        num_agents=16,
        steps=16384 * 60,
        update_every=16384,
        update_epochs=4,
        eval_every=16384 * 12,
        eval_agents=10,
        discount=0.999,
        gae_lambda=0.98,
        entropy_regularization=0.01,
    ),
    # MuJoCo.
    "inverted_pendulum": _mujoco(
        "InvertedPendulum-v5", steps=2048 * 146, eval_every=2048 * 73
    ),
    "reacher": _mujoco("Reacher-v5", max_length=50, eval_episodes=50, discount=0.95),
    "cheetah": _mujoco("HalfCheetah-v5"),
    "hopper": _mujoco("Hopper-v5"),
    "walker": _mujoco("Walker2d-v5"),
    "ant": _mujoco("Ant-v5"),
    "humanoid": _mujoco("Humanoid-v5"),
    # Of the user's own: `--set env=my_module:make`, a name or a constructor.
    "custom": Config(env=""),
}
