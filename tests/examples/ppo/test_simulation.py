import functools

import gymnasium as gym
import numpy as np
import pytest

import rltools
from examples.ppo.environments import define_batch_env, make_env
from examples.ppo.ppo import PPO
from examples.ppo.simulation import Evaluation, Training
from rltools.mocks import Episode, ScriptedEnvironment, Transition


def of_lengths(*lengths):
    """An environment with episodes of these lengths in turn; the reward is always 1."""
    observ = np.zeros(1, np.float32)
    goes_on, ends = (Transition(observ, 1.0, end) for end in (False, True))
    return ScriptedEnvironment(
        [Episode(observ, [goes_on] * (length - 1) + [ends]) for length in lengths],
        observation_space=gym.spaces.Box(-1, 1, (1,), np.float32),
        action_space=gym.spaces.Box(-np.inf, np.inf, (1,), np.float32),
        repeat=True,
        seed_chooses=True,
    )


def build(config, envs=None):
    make = functools.partial(make_env, config)
    batch = define_batch_env(make, config.num_agents, False)
    algo = PPO(batch.single_observation_space, batch.single_action_space, config)
    evaluated = rltools.BatchEnv(envs or [make() for _ in range(config.eval_agents)])
    return algo, Training(batch, algo, config), Evaluation(evaluated, algo, config)


def weights(algo):
    modules = (algo.network, algo.learner, algo.observ_filter, algo.return_filter)
    return [variable.numpy() for module in modules for variable in module.variables]


class TestTraining:
    def test_every_call_is_one_update_and_every_phase_a_new_start(self, make_config):
        algo, training, _ = build(make_config())
        starts = []
        for update in (1, 2):
            done, score, summary = training(log=True, report=True, reset=True)
            assert done.shape == score.shape == (3, 2)
            assert int(algo.learner.num_updates) == update
            assert summary["policy_loss"].shape == ()
            starts.append(algo._memory.data().observ[0].numpy())
        assert not np.allclose(*starts)

    def test_a_seed_decides_everything(self, make_config):
        results = []
        for _ in range(2):
            algo, training, _ = build(make_config(seed=1))
            for reset in (True, False):
                training(log=False, report=False, reset=reset)
            results.append(weights(algo))
        for first, same in zip(*results, strict=True):
            np.testing.assert_array_equal(first, same)


class TestEvaluation:
    def test_changes_nothing_and_has_no_chance_in_it(self, make_config):
        algo, training, evaluation = build(make_config())
        training(log=False, report=False, reset=True)
        before = weights(algo)
        state = algo.generator.state.numpy()
        first = evaluation(log=False, report=False, reset=True)[1].numpy()
        second = evaluation(log=False, report=False, reset=True)[1].numpy()
        np.testing.assert_array_equal(first, second)
        for old, new in zip(before, weights(algo), strict=True):
            np.testing.assert_array_equal(old, new)
        np.testing.assert_array_equal(algo.generator.state, state)

    def test_every_environment_counts_with_the_same_number_of_episodes(
        self, make_config
    ):
        # Two episodes of each: lengths 1 and 3, and 5 and 5, whatever fits in 10 steps.
        config = make_config()
        _, _, evaluation = build(config, [of_lengths(1, 3), of_lengths(5)])
        done, score, summary = evaluation(log=True, report=False, reset=True)
        assert sorted(score[done].numpy().tolist()) == [1, 3, 5, 5]
        assert float(summary["mean_score"]) == float(summary["mean_length"]) == 3.5
        assert float(summary["std_score"]) == pytest.approx(np.std([1, 3, 5, 5]))
        assert score.shape == (10, 2)
        assert np.size(score) == config.eval_steps
        assert evaluation.mean_score() == 3.5

    def test_takes_the_most_likely_actions(self, make_config):
        algo, _, evaluation = build(make_config(init_output_factor=1.0))
        env = evaluation._env
        done, _, _ = evaluation(log=False, report=False, reset=True)
        before = env.observ
        rltools.simulate(env, evaluation._algo, reset=True)
        assert not np.allclose(before, env.observ)
        env.reset(seed=0)
        observ = env.observ
        rltools.simulate(env, evaluation._algo)
        np.testing.assert_array_equal(env.action, algo.mode(observ))
        assert done.dtype == bool

    @pytest.mark.parametrize("network", ["feed_forward_categorical"])
    def test_works_with_discrete_actions(self, make_config, network):
        _, _, evaluation = build(make_config(env="CartPole-v1", network=network))
        assert evaluation.mean_score() >= 1
