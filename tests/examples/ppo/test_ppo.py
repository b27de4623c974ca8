import gymnasium as gym
import numpy as np
import pytest
import tensorflow as tf

import rltools
from examples.ppo.learner import METRICS
from examples.ppo.ppo import PPO

ACTION_SPACES = {
    "feed_forward_gaussian": gym.spaces.Box(-np.inf, np.inf, (2,), np.float64),
    "feed_forward_categorical": gym.spaces.Discrete(4, start=1),
}


class Counting(gym.Env):
    """Observations tell the environment, its episode and its step: 1000, 1001, 2000."""

    def __init__(self, index, action_space, ends):
        self.observation_space = gym.spaces.Box(-np.inf, np.inf, (1,), np.float32)
        self.action_space = action_space
        self.index, self.ends = index, ends
        self.episode = 0

    def reset(self, *, seed=None, options=None):
        self.episode += 1
        self.steps = 0
        return self.observ(), {}

    def step(self, action):
        assert self.action_space.contains(action)
        self.steps += 1
        end = self.ends.get(self.steps, "")
        return self.observ(), float(self.steps), "t" in end, "r" in end, {}

    def observ(self):
        number = 10_000 * self.index + 1000 * self.episode + self.steps
        return np.array([number], np.float32)


@pytest.fixture
def make(make_config):
    """Builds an algorithm and two environments for it that count."""

    def build(network="feed_forward_gaussian", *, learn=True, **changes):
        config = make_config(network=network, **changes)
        space = ACTION_SPACES[network]
        ends = [{2: "t"}, {3: "r"}]
        batch = rltools.BatchEnv([Counting(i, space, ends[i]) for i in range(2)])
        algo = PPO(batch.single_observation_space, space, config)
        if not learn:  # Compiling takes seconds.
            zeros = dict.fromkeys(METRICS, tf.constant(0.0))
            algo.learner.update = lambda rollout, permutations: zeros
        return algo, rltools.InGraphBatchEnv(batch)

    return build


def state(algo):
    modules = (algo.network, algo.observ_filter, algo.return_filter)
    return [variable.numpy() for module in modules for variable in module.variables]


@pytest.mark.parametrize("network", ACTION_SPACES)
def test_rollout_goes_on_across_the_ends_of_episodes(make, network):
    # Env 0 terminates after 2 steps, env 1 is truncated after 3.
    # Step:        0    1    2    3
    # Env 0:    1000 1001 2000 2001
    # Env 1:    1000 1001 1002 2000    (and 10,000)
    algo, env = make(network, learn=False, update_every=8, eval_every=8, batch_size=4)
    rltools.simulate(env, algo, steps=4)
    data = algo._memory.data()
    observ = [[1000, 11000], [1001, 11001], [2000, 11002], [2001, 12000]]
    np.testing.assert_array_equal(data.observ[..., 0], observ)
    final = [[1001, 11001], [1002, 11002], [2001, 11003], [2002, 12001]]
    np.testing.assert_array_equal(data.next_observ[..., 0], final)
    terminated = [[False, False], [True, False], [False, False], [True, False]]
    np.testing.assert_array_equal(data.terminated, terminated)
    truncated = [[False, False], [False, False], [False, True], [False, False]]
    np.testing.assert_array_equal(data.truncated, truncated)
    np.testing.assert_array_equal(data.reward, [[1, 1], [2, 2], [1, 3], [2, 1]])
    # 1, 1 * .9 + 2, and from the start in a new episode.
    discount = 0.99
    second, third = discount + 2, (discount + 2) * discount + 3
    np.testing.assert_allclose(
        data.discounted_return, [[1, 1], [second, second], [1, third], [second, 1]]
    )


@pytest.mark.parametrize("network", ACTION_SPACES)
def test_ratio_is_one_at_the_first_minibatch_of_every_rollout(make, network):
    """Also after statistics of the observations have changed by far."""
    algo, env = make(network, init_output_factor=1.0)
    for _ in range(3):
        _, _, summary = rltools.simulate(env, algo, steps=3, log=True)
        assert float(summary["ratio_error"]) < 1e-4
        assert float(summary["kl"]) > 0  # The update has moved the policy.
    assert algo.learner.update.experimental_get_tracing_count() == 1


def test_trains_when_the_memory_is_full(make):
    algo, env = make()
    before = state(algo)
    rltools.simulate(env, algo, steps=2)
    for old, now in zip(before, state(algo), strict=True):
        np.testing.assert_array_equal(old, now)
    rltools.simulate(env, algo, steps=1)
    assert int(algo.learner.num_updates) == 1
    changed = [
        not np.allclose(old, now) for old, now in zip(before, state(algo), strict=True)
    ]
    assert all(changed[: len(algo.network.variables)])
    rltools.simulate(env, algo, steps=6)
    assert int(algo.learner.num_updates) == 3


def test_statistics_of_observations_are_those_of_all_rollouts(make):
    algo, env = make(learn=False)
    seen = []
    for _ in range(3):
        rltools.simulate(env, algo, steps=3)
        seen.append(algo._memory.data().observ.numpy().reshape(-1, 1))
    seen = np.concatenate(seen)
    assert int(algo.observ_filter.count) == len(seen) == 18
    np.testing.assert_allclose(algo.observ_filter.mean, seen.mean(0), rtol=1e-5)
    np.testing.assert_allclose(algo.observ_filter.stddev, seen.std(0), rtol=1e-5)


def test_first_rewards_are_scaled_by_their_own_returns(make):
    """Not by a standard deviation of one, which would make the first update wild."""
    algo, _ = make(learn=False)
    seen = []
    update = algo.learner.update

    def spy(rollout, permutations):
        seen.append(tf.Variable(rollout.reward))
        return update(rollout, permutations)

    algo.learner.update = spy
    algo.begin_episode(tf.constant([0, 1]))
    for reward in ([10.0, 20.0], [30.0, 10.0], [50.0, 90.0]):
        observ, indices = tf.random.normal([2, 1]), tf.constant([0, 1])
        action = algo.perform(indices, observ)
        flags = tf.constant([False, False])
        algo.experience(
            indices, observ, action, tf.constant(reward), flags, flags, observ
        )
    rewards = np.array([[10, 20], [30, 10], [50, 90]], np.float64)
    returns = [rewards[0]]
    for reward in rewards[1:]:
        returns.append(0.99 * returns[-1] + reward)
    np.testing.assert_allclose(seen[0], rewards / np.std(returns), rtol=1e-5)


@pytest.mark.parametrize("network", ACTION_SPACES)
def test_actions_have_the_dtype_of_the_space(make, network):
    algo, _ = make(network)
    action = algo.perform(tf.constant([0, 1]), tf.zeros([2, 1]))
    assert action.dtype == ACTION_SPACES[network].dtype
    assert all(ACTION_SPACES[network].contains(row) for row in action.numpy())


def test_actions_vary_and_a_seed_decides_them(make):
    first, same, other = (make(seed=seed)[0] for seed in (1, 1, 2))
    indices, observ = tf.constant([0, 1]), tf.zeros([2, 1])
    actions = [algo.perform(indices, observ).numpy() for algo in (first, same, other)]
    np.testing.assert_array_equal(actions[0], actions[1])
    assert not np.allclose(actions[0], actions[2])
    assert not np.allclose(actions[0], first.perform(indices, observ))


def test_mode_is_not_random_and_uses_the_statistics(make):
    algo, _ = make(init_output_factor=1.0)
    observ = tf.constant([[3.0], [5.0]])
    before = algo.mode(observ).numpy()
    np.testing.assert_array_equal(before, algo.mode(observ))
    algo.observ_filter.update(observ)
    after = algo.network.distribution(tf.constant([[-1.0], [1.0]])).mode()
    np.testing.assert_allclose(algo.mode(observ), after, rtol=1e-4)


def test_checkpoint_holds_all_that_the_future_depends_on(make, tmp_path):
    """A restored algorithm does the same as the one that was saved."""
    algo, env = make()
    rltools.simulate(env, algo, steps=3)
    path = algo.checkpoint.write(str(tmp_path / "checkpoint"))
    restored, other_env = make(seed=9)
    restored.checkpoint.read(path).assert_consumed()
    for one, one_env in [(algo, env), (restored, other_env)]:
        one_env.batch.call("__init__", 0, one_env.batch.single_action_space, {4: "t"})
        rltools.simulate(one_env, one, steps=3, reset=True)
    for expected, actual in zip(state(algo), state(restored), strict=True):
        np.testing.assert_array_equal(actual, expected)


def test_normalisation_can_be_left_out(make):
    algo, _ = make(normalize_observations=False, normalize_rewards=False)
    value = tf.constant([[50_000.0]])
    for statistics in (algo.observ_filter, algo.return_filter):
        statistics.update(
            tf.reshape(tf.constant([1.0, 2.0]), [2, *statistics.mean.shape])
        )
        np.testing.assert_array_equal(statistics.transform(value), value)
