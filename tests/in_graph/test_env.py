import numpy as np
import pytest
import tensorflow as tf
from gymnasium import spaces

import rltools
from rltools import errors, nested
from rltools.mocks import (
    Episode,
    Faulty,
    MockEnvironment,
    ScriptedEnvironment,
    Transition,
    faults,
)

ACTION = np.zeros(2, np.float32)
OBSERV = np.zeros(3, np.float32)
KINDS = [
    spaces.Box(-1, 1, (), np.float32),
    spaces.Box(0, 255, (4, 3), np.uint8),
    spaces.Discrete(3, start=-1),
    spaces.MultiDiscrete([2, 5]),
    spaces.Dict(
        b=spaces.Tuple((spaces.Discrete(3), spaces.MultiBinary(2))),
        a=spaces.Box(-1, 1, (2,)),
    ),
]


def make_env(space):
    return MockEnvironment(
        observation_space=space, action_space=space, min_duration=2, seed=3
    )


@pytest.mark.parametrize("space", KINDS, ids=str)
def test_equals_the_environment_stepped_eagerly_for_every_kind_of_space(
    space, assert_same
):
    """Oracle: the same environment, seed and actions without a graph."""
    env, twin = rltools.InGraphEnv(make_env(space)), make_env(space)
    step, reset = tf.function(env.simulate), tf.function(env.reset)
    done = True
    for _ in range(8):
        if done:
            reset()
            assert_same(env.observ, twin.reset()[0])
            assert not env.done
            assert env.reward == 0
        action = space.sample()
        step(nested.map(tf.constant, action))
        observ, reward, terminated, truncated, _ = twin.step(action)
        done = terminated or truncated
        assert_same(
            (env.observ, env.action, env.reward, env.terminated, env.truncated),
            (observ, action, np.float32(reward), terminated, truncated),
        )
        assert env.done == done


def test_step_counts_across_resets(counting_env):
    # Reset:   x       x
    # Step:  0 0 1 2 2 2 3
    env = rltools.InGraphEnv(counting_env(1))
    assert env.step == 0
    env.reset()
    assert (env.step.numpy(), env.step.dtype) == (0, tf.int64)
    for expected in (1, 2):
        env.simulate(ACTION)
        assert env.step == expected
    env.reset()
    assert env.step == 2
    assert env.observ.numpy().tolist() == [1, 1, 0]

    @tf.function
    def run():
        env.simulate(ACTION)
        before = env.step
        env.simulate(ACTION)
        return before, env.step

    assert [step.numpy() for step in run()] == [3, 4]


def test_a_step_that_fails_does_not_count(counting_env):
    fault = faults.Raise(at_step=2, error=OSError)
    env = rltools.InGraphEnv(Faulty(counting_env(1), fault))
    env.reset()
    step = tf.function(env.simulate)
    step(ACTION)
    with pytest.raises(tf.errors.OpError, match="OSError: Raise"):
        step(ACTION)
    assert env.step == 1


def test_seed_is_passed_on(counting_env):
    inner = counting_env(0)
    env = rltools.InGraphEnv(inner)
    env.reset(seed=5)
    tf.function(env.reset)(tf.constant(6))
    env.reset()
    assert inner.seeds == [5, 6, None]


def test_counts_as_terminated_before_the_first_reset(counting_env):
    env = rltools.InGraphEnv(counting_env(0))
    assert env.done
    assert not env.truncated


@pytest.mark.parametrize(
    ("transition", "error", "message"),
    [
        (
            Transition(np.array([0, np.nan, 0], np.float32)),
            errors.InvalidObservationError,
            r"observ: expected finite numbers, got nan at index \(1,\)",
        ),
        (
            Transition(ACTION),
            errors.InvalidObservationError,
            r"observ: .*shape \(3,\).*got array of shape \(2,\)",
        ),
        (
            Transition(OBSERV, reward=np.inf),
            errors.InvalidResultError,
            "reward: expected finite numbers, got inf",
        ),
        (
            Transition(OBSERV, reward=None),
            errors.InvalidResultError,
            r"reward: expected numbers of shape \(\), got None",
        ),
        (
            Transition(OBSERV, terminated=0),
            errors.InvalidResultError,
            r"terminated: expected booleans of shape \(\), got 0",
        ),
    ],
)
def test_refuses_results_that_are_not_finite_or_of_other_kinds(
    transition, error, message
):
    inner = ScriptedEnvironment(
        [Episode(OBSERV, [transition])],
        observation_space=spaces.Box(-1, 1, (3,)),
        action_space=spaces.Box(-1, 1, (2,)),
        allow_invalid=True,
    )
    env = rltools.InGraphEnv(inner)
    env.reset()
    with pytest.raises(error, match=message):
        env.simulate(ACTION)


@pytest.mark.parametrize("seed", [1.5, [1]])
def test_refuses_seeds_that_are_no_integer(counting_env, seed):
    with pytest.raises(errors.InvalidArgumentError, match="expected seed"):
        rltools.InGraphEnv(counting_env(0)).reset(seed=seed)


@pytest.mark.parametrize("action", [None, "left", object()])
def test_refuses_actions_that_are_no_tensors(counting_env, action):
    env = rltools.InGraphEnv(counting_env(0))
    with pytest.raises(errors.InvalidActionError, match="action: expected a tensor"):
        env.simulate(action)


def test_discrete_actions_reach_the_environment_as_numbers():
    seen = []
    inner = MockEnvironment((2,), action_space=spaces.Discrete(3, start=-1))
    step = inner.step
    inner.step = lambda action: (seen.append({action: type(action)}), step(action))[1]
    env = rltools.InGraphEnv(inner)
    env.reset()
    tf.function(env.simulate)(tf.constant(-1, tf.int64))
    assert seen == [{-1: np.int64}]  # An array could not be a key.
