import functools

import gymnasium as gym
import numpy as np
import pytest
import tensorflow as tf
from gymnasium import spaces

import rltools
from examples.ppo.algorithm.learner import METRICS
from examples.ppo.ppo import PPO
from examples.ppo.runs.array_rollouts import ArrayRollouts
from rltools import mocks
from rltools.errors import InvalidObservationError, InvalidResultError
from rltools.mocks import faults

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
    """Builds an algorithm that learns nothing, and its rollouts."""

    def define(make, **changes):
        config = make_config(**changes)
        batch = Spy(rltools.BatchEnv([make(seed) for seed in range(2)]))
        algo = PPO(batch.single_observation_space, batch.single_action_space, config)
        zeros = dict.fromkeys(METRICS, tf.constant(0.0))
        algo._learn = lambda rollout, permutations: zeros
        return algo, batch, ArrayRollouts(batch, algo, config)

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
    algo, batch, rollouts = build(make, update_every=24, eval_every=24)
    flatten = algo.observations
    begins, observ = np.zeros(2, bool), None
    for seed in (3, None):
        batch.calls.clear()
        done, _, _ = rollouts.collect(seed)
        data = algo._memory.data()
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


def test_only_what_is_over_is_reset(build):
    _, batch, rollouts = build(mock, update_every=24, eval_every=24)
    done = np.ones(2, bool)
    for _ in range(2):
        rollouts.collect()
    for verb, *call in batch.calls:
        if verb == "reset":
            np.testing.assert_array_equal(call[0], done)
            done = np.zeros(2, bool)
        else:
            assert not done.any()
            done = call[3] | call[4]


def test_scores_and_their_means_are_those_of_episodes(build):
    _, batch, rollouts = build(mock, update_every=24, eval_every=24)
    rollouts.collect(1)  # Its episodes count as well: nobody has asked yet.
    results = [rollouts.collect(log=True) for _ in range(2)]
    score, length = np.zeros(2), np.zeros(2)
    scores, ended = [], []
    for step, call in enumerate(call for call in batch.calls if call[0] == "step"):
        *_, reward, terminated, truncated = call
        score, length = score + reward, length + 1
        scores.append(score)
        done = terminated | truncated
        ended += [(step, score[row], length[row]) for row in np.flatnonzero(done)]
        score, length = np.where(done, 0, score), np.where(done, 0, length)
    for start, stop, (_, actual, summary) in zip(
        (0, 24), (24, 36), results, strict=True
    ):
        np.testing.assert_allclose(actual, scores[stop - 12 : stop], rtol=1e-5)
        _, *means = np.mean([each for each in ended if start <= each[0] < stop], 0)
        assert summary["mean_score"] == pytest.approx(means[0], rel=1e-5)
        assert summary["mean_length"] == pytest.approx(means[1])
        assert summary["mean_score"].dtype == actual.dtype == np.float32


def test_there_is_no_mean_without_an_episode(build):
    def endless(seed):
        return mocks.MockEnvironment(
            observation_space=OBSERVATIONS["vector"],
            action_space=ACTIONS["numbers"],
            min_duration=10**6,
            max_duration=10**6,
            seed=seed,
        )

    _, _, rollouts = build(endless)
    summary = rollouts.collect(log=True)[2]
    assert summary["mean_score"].shape == summary["mean_length"].shape == (0,)
    assert summary["memory_size"] == 6
    assert rollouts.collect()[2] == {}


def test_a_seed_decides_what_is_drawn(build):
    drawn = []
    for seed, start in [(1, 5), (1, 5), (2, 5), (1, 6)]:
        algo, _, rollouts = build(mock, seed=seed)
        rollouts.collect(start)
        drawn.append(algo._memory.data())
    for first, same in zip(*drawn[:2], strict=True):
        np.testing.assert_array_equal(first, same)
    assert not np.allclose(drawn[0].action, drawn[2].action)
    assert not np.allclose(drawn[0].observ, drawn[3].observ)


def test_every_update_draws_anew(build):
    algo, _, rollouts = build(mock)
    actions = []
    for _ in range(2):
        rollouts.collect(5)
        actions.append(algo._memory.data().action.numpy())
        algo.learner._optimizer.iterations.assign_add(algo.learner._per_update)
    assert not np.allclose(*actions)


def not_a_number(env):
    return mocks.Faulty(env, faults.NotANumber(at_step=1), seed=0)


def infinite(env):
    return gym.wrappers.TransformReward(env, lambda reward: reward * np.inf)


@pytest.mark.parametrize(
    ("spoil", "kind", "message"),
    [
        (not_a_number, InvalidObservationError, "observ of environment 1: .* got nan"),
        (infinite, InvalidResultError, "reward of environment 1: .* got -?inf"),
    ],
)
def test_numbers_that_are_not_finite_never_get_to_the_policy(
    spoil, kind, message, build
):
    def make(seed):
        return spoil(mock(seed)) if seed == 1 else mock(seed)

    _, batch, rollouts = build(make)
    with pytest.raises(kind, match=message):
        rollouts.collect(1)
    # After it, everything begins anew, asked for or not.
    batch.calls.clear()
    with pytest.raises(kind, match=message):
        rollouts.collect()
    assert batch.calls[0][0] == "reset"
    assert batch.calls[0][1].all()
