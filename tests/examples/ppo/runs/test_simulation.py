import functools

import gymnasium as gym
import numpy as np
import pytest
import tensorflow as tf

import rltools
from examples.ppo.algorithm.learner import METRICS
from examples.ppo.ppo import PPO
from examples.ppo.runs.environments import define_batch_env, make_env
from examples.ppo.runs.simulation import DeterministicPolicy, Evaluation, Training
from rltools.mocks import Episode, ScriptedEnvironment, Transition

# To compile an update takes seconds, and many of them on a busy machine.
pytestmark = pytest.mark.timeout(600)


def of_lengths(*lengths):
    """Like Pendulum, but with episodes of these lengths in turn and rewards of 1."""
    observ = np.zeros(3, np.float32)
    goes_on, ends = (Transition(observ, 1.0, end) for end in (False, True))
    return ScriptedEnvironment(
        [Episode(observ, [goes_on] * (length - 1) + [ends]) for length in lengths],
        observation_space=gym.spaces.Box(-1, 1, (3,), np.float32),
        action_space=gym.spaces.Box(-np.inf, np.inf, (1,), np.float32),
        repeat=True,
        seed_chooses=True,
    )


@pytest.fixture
def build(make_config):
    """Builds an algorithm, that learns if told to, and the two phases of its run."""

    def define(envs=None, *, learn=False, **changes):
        config = make_config(**changes)
        make = functools.partial(make_env, config)
        batch = define_batch_env(make, config.num_agents, False)
        algo = PPO(batch.single_observation_space, batch.single_action_space, config)
        if not learn:
            zeros = dict.fromkeys(METRICS, tf.constant(0.0))
            algo._learn = lambda rollout, permutations: zeros
        envs = envs or [make() for _ in range(config.eval_agents)]
        evaluation = Evaluation(rltools.BatchEnv(envs), algo, config)
        return algo, Training(batch, algo, config), evaluation

    return define


def state(algo):
    """All that later steps depend on."""
    optimizer = algo.learner._optimizer.variables
    tensors = [*algo.variables, *optimizer, algo.generator.state]
    return [np.asarray(tensor) for tensor in tensors]


@pytest.mark.parametrize("acting", ["arrays", "graph"])
class TestTraining:
    def test_a_beginning_decides_everything(self, acting, build, tmp_path):
        """Every call is one update, and every phase a new start."""
        algo, training, _ = build(learn=True, acting=acting)
        beginning = tf.train.Checkpoint(algo, generator=algo.generator)
        path = beginning.write(tmp_path / "beginning")
        results = []
        for _ in range(2):
            beginning.read(path).assert_consumed()
            starts = []
            for update, reset in enumerate([True, False, True], 1):
                done, score, summary = training(log=True, report=True, reset=reset)
                assert done.shape == score.shape == (3, 2)
                assert int(algo.learner.num_updates) == update
                assert summary["policy_loss"].shape == ()
                assert summary["steps_per_second"] > 0
                starts.append(algo._memory.data().observ[0].numpy())
            assert not np.allclose(starts[0], starts[2])
            results.append(state(algo))
        for first, same in zip(*results, strict=True):
            np.testing.assert_array_equal(first, same)

    def test_a_seed_decides_what_is_experienced(self, acting, build):
        rollouts = []
        for seed in (1, 1, 2):
            algo, training, _ = build(seed=seed, acting=acting)
            training(log=False, report=False, reset=True)
            rollouts.append(algo._memory.data())
        for first, same in zip(*rollouts[:2], strict=True):
            np.testing.assert_array_equal(first, same)
        for name in ("observ", "action", "reward"):
            values = [getattr(rollout, name) for rollout in rollouts[1:]]
            assert not np.allclose(*values)

    def test_the_policy_that_acted_is_the_one_that_learns(self, acting, build):
        """Up to rounding, probabilities are the same in the first minibatch."""
        _, training, _ = build(learn=True, acting=acting, learning_rate=1e-5)
        for reset in (True, False, False):
            _, _, summary = training(log=True, report=True, reset=reset)
            assert abs(summary["ratio_error"]) < 1e-5


class TestEvaluation:
    @pytest.mark.parametrize(
        "changes", [{}, {"acting": "graph"}, {"network": "recurrent"}]
    )
    def test_changes_nothing_and_has_no_chance_in_it(self, build, changes):
        algo, training, evaluation = build(**changes, init_output_factor=1.0)
        training(log=False, report=False, reset=True)
        before = state(algo)
        first = evaluation(log=False, report=False, reset=True)[1]
        second = evaluation(log=False, report=False, reset=True)[1]
        np.testing.assert_array_equal(first, second)
        for old, new in zip(before, state(algo), strict=True):
            np.testing.assert_array_equal(old, new)

    def test_every_environment_counts_with_the_same_number_of_episodes(self, build):
        # Two episodes of each: lengths 1 and 3, and 5 and 5, whatever fits in 10 steps.
        _, _, evaluation = build([of_lengths(1, 3), of_lengths(5)])
        done, score, summary = evaluation(log=True, report=False, reset=True)
        assert sorted(score[done].tolist()) == [1, 3, 5, 5]
        assert float(summary["mean_score"]) == float(summary["mean_length"]) == 3.5
        assert float(summary["std_score"]) == pytest.approx(np.std([1, 3, 5, 5]))
        assert score.shape == (10, 2)
        assert done.dtype == bool
        assert evaluation.mean_score() == 3.5
        assert evaluation(log=False, report=False, reset=True)[2] == {}

    def test_stops_when_all_episodes_are_over(self, build):
        """Each piece could hold one of full length, and here it holds all."""
        envs = [of_lengths(1, 3), of_lengths(2)]
        _, _, evaluation = build(envs)
        done, score, summary = evaluation(log=True, report=False, reset=True)
        assert sorted(score[done].tolist()) == [1, 2, 2, 3]
        assert float(summary["mean_length"]) == 2
        assert done.shape == (10, 2)
        assert not done[5:].any()
        # Five steps of environment 1: episodes of 2, 2, and one that has begun.
        assert envs[1]._elapsed == 1
        # All the same, the next evaluation begins anew.
        assert evaluation.mean_score() == 2

    @pytest.mark.parametrize("env", ["Pendulum-v1", "CartPole-v1"])
    def test_acts_alike_in_arrays_and_in_the_graph(self, build, env):
        """Also after the policy and its statistics have changed."""
        scores = []
        for acting in ("arrays", "graph"):
            algo, _, evaluation = build(
                env=env, acting=acting, max_length=12, init_output_factor=1.0
            )
            rng = np.random.default_rng(3)
            for _ in range(2):
                for weight in algo.network.trainable_variables:
                    noise = rng.normal(0, 0.1, weight.shape).astype(np.float32)
                    weight.assign_add(noise)
                size = algo.observations.size
                observ = rng.normal(0, 2, (9, size)).astype(np.float32)
                algo.observ_filter.update(tf.constant(observ))
                done, score, _ = evaluation(log=False, report=False, reset=True)
                scores.append(score[done])
        np.testing.assert_allclose(scores[:2], scores[2:], rtol=1e-4)
        assert env == "CartPole-v1" or not np.allclose(*scores[:2])

    def test_works_with_discrete_actions(self, build):
        _, _, evaluation = build(env="CartPole-v1")
        assert evaluation.mean_score() >= 1


class TestDeterministicPolicy:
    OBSERV = tf.constant([[1.0, 0.0, 0.5], [0.0, 1.0, -2.0]])

    def test_uses_the_statistics(self, build):
        algo, _, _ = build(init_output_factor=1.0)
        policy = DeterministicPolicy(algo, 2)
        indices = tf.constant([0, 1])
        before = policy.perform(indices, self.OBSERV)
        np.testing.assert_array_equal(before, policy.perform(indices, self.OBSERV))
        algo.observ_filter.update(self.OBSERV)
        normalized = algo.observ_filter.transform(self.OBSERV)
        outputs, _, _ = algo.network.step(normalized, tf.zeros([2, 0]))
        expected = algo.network.distribution(outputs).mode()
        actual = policy.perform(indices, self.OBSERV)
        np.testing.assert_allclose(actual, expected, rtol=1e-5)
        assert not np.allclose(actual, before)

    def test_values_are_in_units_of_the_reward(self, build):
        algo, _, _ = build()
        algo.return_filter.update(tf.constant([-3.0, 7.0]))  # A deviation of 5.
        policy = DeterministicPolicy(algo, 3, with_values=True)
        policy.perform(tf.constant([2, 0]), self.OBSERV)
        _, value, _ = algo.act(self.OBSERV, tf.zeros([2, 0]))
        expected = [5 * value[1], 0, 5 * value[0]]
        np.testing.assert_allclose(policy.value, expected, rtol=1e-5)
        silent = DeterministicPolicy(algo, 3)
        silent.perform(tf.constant([2, 0]), self.OBSERV)
        assert not np.any(silent.value)

    def test_remembers_until_an_episode_begins(self, build):
        algo, _, _ = build(network="recurrent", init_output_factor=1.0)
        policy = DeterministicPolicy(algo, 2)
        indices = tf.constant([0, 1])
        policy.begin_episode(indices)
        first = policy.perform(indices, self.OBSERV)
        second = policy.perform(indices, self.OBSERV)
        assert not np.allclose(first, second)
        policy.begin_episode(tf.constant([1]))
        third = policy.perform(indices, self.OBSERV)
        np.testing.assert_array_equal(third[1], first[1])
        assert not np.allclose(third[0], first[0])
        np.testing.assert_array_equal(algo._state, np.zeros_like(algo._state))
