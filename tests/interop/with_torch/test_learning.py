"""Stable-Baselines3's algorithms learn from a batch as from its own environments."""

import os
import signal
from copy import deepcopy
from functools import partial

import gymnasium as gym
import numpy as np
import pytest
import torch
from stable_baselines3 import DQN, PPO, SAC
from stable_baselines3.common.env_checker import check_env
from stable_baselines3.common.evaluation import evaluate_policy
from stable_baselines3.common.monitor import Monitor
from stable_baselines3.common.vec_env import DummyVecEnv, VecMonitor, VecNormalize

import rltools
from rltools.errors import RemoteError, WorkerDiedError
from rltools.wrappers import ExternalProcess, to_sb3

COUNT = 3
SMALL = {"n_steps": 32, "batch_size": 32, "n_epochs": 2}
SOON = {"learning_starts": 20, "batch_size": 16, "policy_kwargs": {"net_arch": [8]}}
ALGORITHMS = {
    "PPO": (PPO, "CartPole-v1", SMALL, 200),
    "DQN": (DQN, "CartPole-v1", SOON, 150),
    # Truncated after 30 steps, which it must not take for the end.
    "SAC": (SAC, "Pendulum-v1", SOON, 150),
}


@pytest.fixture(autouse=True)
def _one_thread():
    torch.set_num_threads(1)  # So that two runs compute the same.


@pytest.mark.parametrize("autoreset", ["same_step", "disabled"])
@pytest.mark.parametrize("name", ALGORITHMS)
def test_learns_the_same_to_the_last_bit(make_batch, autoreset, name):
    kind, id, options, steps = ALGORITHMS[name]
    makes = [partial(gym.make, id, max_episode_steps=30)] * COUNT
    weights = []
    for env in to_sb3(make_batch(makes, autoreset=autoreset)), DummyVecEnv(makes):
        options = deepcopy(options)  # Some algorithms change them.
        model = kind("MlpPolicy", VecNormalize(env), seed=1, device="cpu", **options)
        model.learn(steps)
        weights.append(model.get_parameters()["policy"])
        env.close()
    ours, theirs = weights
    assert ours.keys() == theirs.keys()
    for key, value in ours.items():
        assert torch.equal(value, theirs[key]), key


@pytest.mark.parametrize("kind", ["dict-multidiscrete", "discrete-multibinary"])
def test_learns_in_other_spaces(make_batch, constructors, kind):
    env = to_sb3(make_batch([constructors[kind]] * COUNT))
    policy = "MultiInputPolicy" if kind.startswith("dict") else "MlpPolicy"
    PPO(policy, env, device="cpu", **SMALL).learn(100)


def mean_return(model):
    env = to_sb3(rltools.BatchEnv([gym.make("CartPole-v1") for _ in range(4)]))
    env.seed(100)
    env = VecMonitor(env)
    return evaluate_policy(model, env, n_eval_episodes=20, deterministic=False)[0]


def test_ppo_learns_cartpole():
    batch = rltools.BatchEnv.launch(lambda: gym.make("CartPole-v1"), 8, workers=2)
    env = VecMonitor(to_sb3(batch))
    model = PPO("MlpPolicy", env, n_steps=128, batch_size=256, seed=0, device="cpu")
    before = mean_return(model)  # That of random actions.
    model.learn(8_000)
    env.close()
    after = mean_return(model)
    assert 2 * before < 60 < after
    assert np.mean([episode["r"] for episode in model.ep_info_buffer]) > before


def test_learning_goes_on_after_a_restart():
    makes = [partial(gym.make, "CartPole-v1")] * 3 + [partial(Dying, raises=False)]
    batch = rltools.BatchEnv.launch(makes, workers=2, restarts=1)
    seen = []
    model = PPO("MlpPolicy", to_sb3(batch), device="cpu", **SMALL)
    model.learn(
        600, callback=lambda here, _: seen.extend(here["infos"]) is None, log_interval=1
    )
    batch.close()
    lost = [info for info in seen if "worker_restarted" in info]
    assert len(lost) == 2
    for info in lost:
        assert info["worker_restarted"] is info["TimeLimit.truncated"] is True
        assert info["terminal_observation"].shape == (4,)


@pytest.mark.parametrize("monitored", [False, True])
def test_evaluates_as_theirs(make_batch, monitored):
    def make():
        env = gym.make("CartPole-v1", max_episode_steps=40)
        return Monitor(env) if monitored else env

    makes = [make] * COUNT
    scores = []
    theirs = DummyVecEnv(makes)
    model = PPO("MlpPolicy", theirs, seed=1, device="cpu")
    for env in to_sb3(make_batch(makes)), theirs:
        env.seed(1)
        scores.append(
            evaluate_policy(model, env, 10, return_episode_rewards=True, warn=False)
        )
    assert scores[0] == scores[1]


class Dying(gym.Wrapper):
    """Kills its process, or raises, in its hundredth step."""

    def __init__(self, raises):
        super().__init__(gym.make("CartPole-v1"))
        self.raises = raises
        self.steps = 0

    def step(self, action):
        self.steps += 1
        if self.steps == 100:
            if self.raises:
                raise ValueError("out of luck")
            os.kill(os.getpid(), signal.SIGKILL)
        return self.env.step(action)


@pytest.mark.parametrize("raises", [False, True])
def test_failures_are_raised_by_learn(raises):
    envs = [ExternalProcess(partial(gym.make, "CartPole-v1")) for _ in range(2)]
    envs.append(ExternalProcess(partial(Dying, raises)))
    env = to_sb3(rltools.BatchEnv(envs))
    model = PPO("MlpPolicy", env, device="cpu", **SMALL)
    expected = RemoteError if raises else WorkerDiedError
    with pytest.raises(expected, match="out of luck" if raises else "SIGKILL") as found:
        model.learn(1000)
    assert (found.value.worker, found.value.step) == (2, 100)
    env.close()
    for each in envs:
        with pytest.raises(ProcessLookupError):
            os.kill(each.pid, 0)


def test_their_check_of_environments():
    env = ExternalProcess(partial(gym.make, "CartPole-v1"))
    check_env(env, warn=False)
    env.close()


def test_numpy_to_torch(make_batch):
    makes = [partial(gym.make, "CartPole-v1")] * COUNT
    env = gym.wrappers.vector.NumpyToTorch(make_batch(makes, autoreset="next_step"))
    observ, _ = env.reset(seed=1)
    observ, reward, *_ = env.step(torch.ones(COUNT, dtype=torch.int64))
    assert isinstance(observ, torch.Tensor)
    np.testing.assert_array_equal(reward, np.ones(COUNT))
