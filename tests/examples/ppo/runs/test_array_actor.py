import functools

import gymnasium as gym
import numpy as np
import pytest
import tensorflow as tf
from gymnasium import spaces

import rltools
from examples.ppo.algorithm.learner import METRICS
from examples.ppo.ppo import PPO
from examples.ppo.runs.array_actor import ArrayActor
from examples.ppo.runs.simulation import Training
from rltools import mocks

pytestmark = pytest.mark.timeout(600)
OBSERVATIONS = {
    "vector": spaces.Box(-9, 9, (3,), np.float64),
    "picture": spaces.Box(0, 255, (2, 2, 1), np.uint8),
    "nested": spaces.Dict(
        arm=spaces.Box(-1, 1, (2,), np.float32), gear=spaces.Discrete(3, start=-1)
    ),
}
ACTIONS = {
    "numbers": spaces.Box(-np.inf, np.inf, (2,), np.float32),
    "choice": spaces.Discrete(3, start=5),
    "nested": spaces.Tuple(
        [spaces.MultiDiscrete([2, 3]), spaces.Box(-np.inf, np.inf, (1,))]
    ),
}


class Spy(gym.vector.VectorWrapper):
    """Writes down what goes in and out of a batch."""

    def __init__(self, batch):
        super().__init__(batch)
        self.calls = []

    def reset(self, *, seed=None, options=None):
        observ, info = self.env.reset(seed=seed, options=options)
        mask = np.ones(self.num_envs, bool)
        self.calls.append(("reset", (options or {}).get("reset_mask", mask), observ))
        return observ, info

    def step(self, actions):
        result = self.env.step(actions)
        self.calls.append(("step", actions, *result[:4]))
        return result


@pytest.fixture
def build(make_config):
    """Builds an algorithm that learns nothing, and what makes rollouts of it."""

    def define(make, **changes):
        config = make_config(**changes)
        batch = Spy(rltools.BatchEnv([make(seed) for seed in range(2)]))
        algo = PPO(batch.single_observation_space, batch.single_action_space, config)
        zeros = dict.fromkeys(METRICS, tf.constant(0.0))
        algo._learn = lambda rollout, permutations: zeros
        training = Training(batch, algo, config)
        assert isinstance(training._actor, ArrayActor)

        def rollout(reset=False):
            done, _, _ = training(log=False, report=False, reset=reset)
            return np.asarray(done), algo._memory.data()

        return algo, batch, rollout

    return define


def mock(seed, observation="vector", action="numbers"):
    return mocks.MockEnvironment(
        observation_space=OBSERVATIONS[observation],
        action_space=ACTIONS[action],
        max_duration=4,
        seed=seed,
    )


def rows(values, index):
    return rltools.nested.map(lambda part: part[index], values)


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("observation", OBSERVATIONS)
def test_the_memory_holds_what_has_happened(observation, action, build):
    make = functools.partial(mock, observation=observation, action=action)
    algo, batch, rollout = build(make, update_every=24, eval_every=24)
    flatten = algo.observations
    begins, observ = np.zeros(2, bool), None
    for reset in (True, False):
        batch.calls.clear()
        done, data = rollout(reset)
        assert algo._memory._sizes.numpy().tolist() == [0, 0]  # Forgotten by now.
        step = 0
        for verb, *call in batch.calls:
            if verb == "reset":
                begins, observ = call
                continue
            action, next_observ, reward, terminated, truncated = call
            np.testing.assert_array_equal(data.observ[step], flatten(observ))
            np.testing.assert_array_equal(data.next_observ[step], flatten(next_observ))
            np.testing.assert_array_equal(data.action[step], algo.actions(action))
            np.testing.assert_array_equal(data.reward[step], np.float32(reward))
            np.testing.assert_array_equal(data.begins[step], begins)
            np.testing.assert_array_equal(data.terminated[step], terminated)
            np.testing.assert_array_equal(data.truncated[step], truncated)
            np.testing.assert_array_equal(done[step], terminated | truncated)
            begins, observ = np.zeros(2, bool), next_observ
            step += 1
        assert step == len(data.observ) == 12
        assert done.any(0).all()


def test_a_seed_decides_what_is_drawn(build):
    drawn = []
    for seed in (1, 1, 2):
        _, _, rollout = build(mock, seed=seed)
        drawn.append(rollout(reset=True)[1])
    for first, same in zip(*drawn[:2], strict=True):
        np.testing.assert_array_equal(first, same)
    assert not np.allclose(drawn[0].action, drawn[2].action)


def test_every_update_draws_anew(build):
    algo, _, rollout = build(mock)
    policy = algo.network.policy.layers.weights[-1]
    policy.assign(tf.zeros_like(policy))  # So that actions are nothing but noise.
    first = rollout()[1].action
    algo.learner._optimizer.iterations.assign_add(algo.learner._per_update)
    assert not np.allclose(first, rollout()[1].action)
