"""Loops written for Gymnasium's vector environments collect the same from a batch.

They are those of single-file programs: arrays of a fixed number of steps, `next_done`
for the first step of an episode, returns of episodes from the infos, and advantages.
"""

from functools import partial

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import data_equivalence
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from gymnasium.wrappers import RecordEpisodeStatistics
from gymnasium.wrappers import vector as wrappers

COUNT, STEPS = 4, 80


def sample_action(rng, space, observ):
    """The action of a linear policy with fixed weights, and noise of its own."""
    weights = np.random.default_rng(0).normal(size=(observ.shape[1], 2))
    noise = rng.normal(size=len(observ))
    score = observ @ weights[:, 0] + noise
    if isinstance(space, gym.spaces.Discrete):
        return (score > 0).astype(np.int64)
    return np.clip(score[:, None], space.low, space.high).astype(space.dtype)


def collect_with_next_step(envs, seed):
    """On-policy, two rollouts: the step after an end only resets, and is masked."""
    rng = np.random.default_rng(seed)
    space = envs.single_observation_space
    observs = np.zeros((STEPS, COUNT, *space.shape), space.dtype)
    rewards, dones, values = np.zeros((3, STEPS, COUNT))
    results, episodes = [], []
    next_observ, _ = envs.reset(seed=seed)
    next_done = np.zeros(COUNT)
    for _ in range(2):
        for step in range(STEPS):
            observs[step], dones[step] = next_observ, next_done
            values[step] = next_observ.mean(axis=1)
            action = sample_action(rng, envs.single_action_space, next_observ)
            next_observ, rewards[step], terminated, truncated, infos = envs.step(action)
            next_done = np.logical_or(terminated, truncated).astype(float)
            for index in np.flatnonzero(infos.get("_episode", [])):
                episode = infos["episode"]
                episodes.append((episode["r"][index], episode["l"][index]))
        advantages = estimate_advantages(
            rewards, values, dones, next_observ.mean(axis=1), next_done
        )
        results.append((observs.copy(), rewards.copy(), dones.copy(), advantages))
    return results, episodes


def estimate_advantages(rewards, values, dones, next_value, next_done):
    """Generalized advantage estimates, with discount 0.99 and lambda 0.95."""
    advantages = np.zeros_like(rewards)
    last = np.zeros(COUNT)
    values = np.concatenate([values, next_value[None]])
    going_on = 1 - np.concatenate([dones, next_done[None]])
    for step in reversed(range(STEPS)):
        delta = rewards[step] - values[step]
        delta += 0.99 * values[step + 1] * going_on[step + 1]
        advantages[step] = last = delta + 0.99 * 0.95 * going_on[step + 1] * last
    return advantages


def collect_with_same_step(envs, seed):
    """Off-policy: what truly followed a step that ended an episode is in the infos."""
    rng = np.random.default_rng(seed)
    transitions, episodes = [], []
    observ, _ = envs.reset(seed=seed)
    for _ in range(STEPS):
        action = sample_action(rng, envs.single_action_space, observ)
        next_observ, reward, terminated, truncated, infos = envs.step(action)
        followed_by = next_observ.copy()
        for index in np.flatnonzero(infos.get("_final_obs", [])):
            followed_by[index] = infos["final_obs"][index]
        if "final_info" in infos:
            statistics = infos["final_info"]["episode"]
            for index in np.flatnonzero(infos["final_info"]["_episode"]):
                episodes.append((statistics["r"][index], statistics["l"][index]))
        transitions.append((observ, followed_by, action, reward, terminated, truncated))
        observ = next_observ
    return transitions, episodes


@pytest.mark.parametrize("id", ["CartPole-v1", "Pendulum-v1"])
@pytest.mark.parametrize("where", ["in-each", "around"])
def test_on_policy_loop(make_batch, id, where):
    def make():
        env = gym.make(id, max_episode_steps=25)
        return RecordEpisodeStatistics(env) if where == "in-each" else env

    makes = [make] * COUNT
    batch = make_batch(makes, autoreset="next_step")
    theirs = SyncVectorEnv(makes, autoreset_mode=AutoresetMode.NEXT_STEP)
    if where == "around":
        batch, theirs = map(wrappers.RecordEpisodeStatistics, (batch, theirs))
    ours, other = (collect_with_next_step(envs, seed=5) for envs in (batch, theirs))
    assert len(ours[1]) > COUNT
    assert data_equivalence(ours, other, exact=True)
    theirs.close()


@pytest.mark.parametrize("id", ["CartPole-v1", "Pendulum-v1"])
def test_off_policy_loop(make_batch, id):
    def make():
        return RecordEpisodeStatistics(gym.make(id, max_episode_steps=25))

    makes = [make] * COUNT
    batch = make_batch(makes, autoreset="same_step")
    theirs = SyncVectorEnv(makes, autoreset_mode=AutoresetMode.SAME_STEP)
    ours, other = (collect_with_same_step(envs, seed=5) for envs in (batch, theirs))
    assert len(ours[1]) > COUNT
    assert data_equivalence(ours, other, exact=True)
    theirs.close()


def test_loop_with_all_wrappers_of_a_continuous_ppo(make_batch):
    def wrap(envs):
        envs = wrappers.ClipAction(wrappers.RecordEpisodeStatistics(envs))
        envs = wrappers.NormalizeReward(wrappers.NormalizeObservation(envs), gamma=0.99)
        return wrappers.TransformReward(envs, lambda reward: np.clip(reward, -10, 10))

    makes = [partial(gym.make, "Pendulum-v1", max_episode_steps=25)] * COUNT
    batch = wrap(make_batch(makes, autoreset="next_step"))
    theirs = wrap(SyncVectorEnv(makes, autoreset_mode=AutoresetMode.NEXT_STEP))
    ours, other = (collect_with_next_step(envs, seed=5) for envs in (batch, theirs))
    assert data_equivalence(ours, other, exact=True)
    theirs.close()
