"""The sound algorithm: its updates by hand, its spaces, and its evaluation."""

import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces

import rltools
from rltools import mocks
from rltools.errors import InvalidArgumentError, InvalidSpaceError
from rltools.mocks import LinearActorCritic

FALSE, TRUE = np.array([False]), np.array([True])
ZERO = np.array([0])


def make_env(observation_space=None, action_space=None):
    return mocks.MockEnvironment(
        observation_space=observation_space or spaces.Box(-1, 1, (1,), np.float32),
        action_space=action_space or spaces.Discrete(2),
    )


def observed(number):
    return np.array([[number]], np.float32)


def test_value_moves_towards_the_target_of_one_step():
    algo = LinearActorCritic([make_env()], gamma=0.5, learning_rate=0.2)
    begin, zero = observed(0), observed(0)
    step = (ZERO, begin, np.array([1]))
    # The only feature that is not zero is the constant, so the value is its weight.
    algo.experience(*step, np.array([2.0]), FALSE, FALSE, zero)
    assert algo.value(zero[0]) == pytest.approx(0.2 * 2.0)
    algo.experience(*step, np.array([2.0]), FALSE, FALSE, zero)
    assert algo.value(zero[0]) == pytest.approx(0.4 + 0.2 * (2.0 + 0.5 * 0.4 - 0.4))
    now = algo.value(zero[0])
    algo.experience(*step, np.array([2.0]), FALSE, TRUE, zero)
    assert algo.value(zero[0]) == pytest.approx(now + 0.2 * (2.0 + 0.5 * now - now))
    now = algo.value(zero[0])
    algo.experience(*step, np.array([2.0]), TRUE, FALSE, zero)
    assert algo.value(zero[0]) == pytest.approx(now + 0.2 * (2.0 - now))


def test_steps_get_no_larger_with_the_observations():
    algo = LinearActorCritic(
        [make_env(spaces.Box(-np.inf, np.inf, (1,), np.float32))], learning_rate=0.2
    )
    far = observed(1e6)
    algo.experience(ZERO, far, np.array([1]), np.array([1.0]), TRUE, FALSE, far)
    assert algo.value(far[0]) == pytest.approx(0.2)


@pytest.mark.parametrize("sign", [-1, 1])
@pytest.mark.parametrize("action", [0, 1])
def test_good_actions_become_likely_and_bad_ones_unlikely(sign, action):
    algo = LinearActorCritic([make_env()], seed=3)
    for _ in range(50):
        reward = np.array([sign * 1.0])
        algo._critic[:] = 0
        taken = np.array([action])
        algo.experience(ZERO, observed(0), taken, reward, TRUE, FALSE, observed(0))
    wanted = action if sign > 0 else 1 - action
    assert algo.evaluation().perform(ZERO, observed(0)).item() == wanted
    often = [algo.perform(ZERO, observed(0)).item() for _ in range(100)]
    assert np.mean(np.equal(often, wanted)) > 0.9


def test_memory_decays_is_kept_for_each_environment_and_is_forgotten():
    algo = LinearActorCritic([make_env(), make_env()], decay=0.5)

    def show(index, number):
        algo.experience(
            np.array([index]),
            observed(number),
            *(np.array([0]), np.array([0.0]), FALSE, FALSE, observed(0)),
        )

    algo.begin_episode(np.array([0, 1]))
    show(0, 1)
    show(1, -1)
    show(0, 0.25)
    assert algo._traces.tolist() == [[0.75], [-1.0]]
    algo.begin_episode(np.array([1]))
    assert algo._traces.tolist() == [[0.75], [0.0]]


def test_evaluation_shares_the_weights_but_not_the_memory():
    algo = LinearActorCritic([make_env()], seed=1)
    evaluation = algo.evaluation()
    before = algo.weights()
    transition = (np.array([1]), np.array([1.0]), FALSE, FALSE, observed(0.5))
    evaluation.experience(ZERO, observed(0.5), *transition)
    np.testing.assert_equal(algo.weights(), before)
    assert algo._traces.item() == 0
    assert evaluation._traces.item() == 0.5
    algo.experience(ZERO, observed(0.5), *transition)
    np.testing.assert_equal(algo.weights(), evaluation.weights())
    assert not np.array_equal(algo.weights()["critic"], before["critic"])


ACTION_SPACES = [
    spaces.Discrete(3, start=-1),
    spaces.Discrete(2, dtype=np.int32),
    spaces.Box(-1, 1, (2, 3), np.float32),
    spaces.Box(np.array([0.1, -np.inf]), np.array([0.3, np.inf]), dtype=np.float64),
    spaces.Box(-1, 1, (), np.float16),
]


@pytest.mark.parametrize("space", ACTION_SPACES, ids=str)
def test_actions_are_of_their_space(space):
    observation_space = spaces.Box(-100, 100, (2, 2), np.float32)
    envs = [make_env(observation_space, space) for _ in range(5)]
    algo = LinearActorCritic(envs, std=1.0)
    batched = gym.vector.utils.batch_space(observation_space, 5)
    batched.seed(0)
    actions = gym.vector.utils.batch_space(space, 5)
    for acting in (algo, algo.evaluation()):
        for _ in range(20):
            action = acting.perform(np.arange(5), batched.sample())
            assert action in actions
            assert action.dtype == actions.dtype


def test_same_seed_makes_the_same_algorithm():
    envs = [make_env()]
    first, second, other = (LinearActorCritic(envs, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_equal(first.weights(), second.weights())
    assert not np.array_equal(first.weights()["policy"], other.weights()["policy"])


def test_takes_vector_environments():
    batch = rltools.BatchEnv([make_env() for _ in range(2)])
    algo = LinearActorCritic(batch)
    observ, _ = batch.reset(seed=0)
    algo.begin_episode(np.arange(2))
    batch.step(algo.perform(np.arange(2), observ))


@pytest.mark.parametrize(
    ("envs", "options", "error", "message"),
    [
        ([], {}, InvalidArgumentError, "non-empty sequence of environments"),
        ([make_env()], {"gamma": 1.1}, InvalidArgumentError, "gamma .* from 0 to 1"),
        ([make_env()], {"decay": -1}, InvalidArgumentError, "decay .* from 0 to 1"),
        ([make_env()], {"seed": -1}, InvalidArgumentError, "seed .* at least 0"),
        (
            [make_env(observation_space=spaces.Discrete(2))],
            {},
            InvalidSpaceError,
            "observation space to be a Box",
        ),
        (
            [make_env(action_space=spaces.MultiBinary(2))],
            {},
            InvalidSpaceError,
            "action space to be Discrete or a Box of floats",
        ),
        (
            [make_env(action_space=spaces.Box(0, 9, (1,), np.int64))],
            {},
            InvalidSpaceError,
            "action space to be Discrete or a Box of floats",
        ),
    ],
)
def test_wrong_arguments_raise(envs, options, error, message):
    with pytest.raises(error, match=message):
        LinearActorCritic(envs, **options)
