import gymnasium as gym
import numpy as np
import pytest
import tensorflow as tf
from gymnasium import spaces

import rltools
from rltools import errors, nested
from rltools.mocks import Faulty, MockEnvironment, faults


@pytest.mark.parametrize(
    ("indices", "seed", "message"),
    [
        ([0, 0], None, "indices to be distinct integers"),
        ([-1], None, "from 0 to 2"),
        ([3], None, "from 0 to 2"),
        ([[0]], None, "indices to be integers of rank 1"),
        ([0.0], None, "indices to be integers"),
        (np.array([True, False, False]), None, "indices to be integers"),
        ([0], 1.5, "seed to be integers of rank 0"),
        ([0], [1], "seed to be integers of rank 0"),
    ],
)
def test_refuses_indices_and_seeds_that_make_no_sense(
    make_counting, indices, seed, message
):
    env = make_counting(3)
    with pytest.raises(errors.InvalidArgumentError, match=message):
        env.reset(indices, seed=seed)
    assert all(not env.batch[index].seeds for index in range(3))


@pytest.mark.parametrize(
    ("action", "message"),
    [
        (np.zeros((3, 2)), r"action: .*float32, got shape \(3, 2\) and dtype float64"),
        (np.zeros((2, 2), np.float32), r"shape \(3, 2\).*got shape \(2, 2\)"),
        ({"a": np.zeros((3, 2), np.float32)}, "action: .*expected leaf .*, got dict"),
    ],
)
def test_refuses_actions_of_other_kinds_before_anything_moves(
    make_counting, action, message
):
    env = make_counting(3)
    env.reset()
    with pytest.raises(errors.InvalidActionError, match=message):
        env.simulate(action)
    with pytest.raises(errors.InvalidActionError, match=message):
        tf.function(env.simulate)(nested.map(tf.constant, action))
    assert not env.batch[0].actions


def with_observ(observ):
    return lambda results: (np.array(observ), *results[1:])


def with_reward(reward):
    return lambda results: (results[0], reward, *results[2:])


class Vector(gym.vector.SyncVectorEnv):
    """One whose results nobody checks."""

    def __init__(self, deed):
        from_index = gym.Env()
        from_index.observation_space = spaces.Dict(b=spaces.Box(-9, 9, (2,)))
        from_index.action_space = spaces.Discrete(2)
        super().__init__([lambda: from_index] * 2, autoreset_mode="Disabled")
        self.results = [
            {"b": np.zeros((2, 2), np.float32)},
            np.zeros(2),
            np.zeros(2, np.bool_),
            np.zeros(2, np.bool_),
            {},
        ]
        deed(self.results)

    def step(self, actions):
        return tuple(self.results)


def set_item(index, value):
    return lambda results: results.__setitem__(index, value)


@pytest.mark.parametrize(
    ("deed", "error", "message"),
    [
        (
            set_item(0, {"b": np.array([[0, 0], [np.nan, 0]], np.float32)}),
            errors.InvalidObservationError,
            r"observ\['b'\] of environment 1: .* got nan at index \(0,\)",
        ),
        (
            set_item(0, {"b": np.array([[0, -np.inf], [0, 0]], np.float32)}),
            errors.InvalidObservationError,
            r"observ\['b'\] of environment 0: .* got -inf at index \(1,\)",
        ),
        (
            set_item(0, {"b": np.zeros((2, 2))}),
            errors.InvalidObservationError,
            r"observ\['b'\]: .*float32, got array of shape \(2, 2\) and dtype float64",
        ),
        (
            set_item(0, {"b": np.zeros((2, 1), np.float32)}),
            errors.InvalidObservationError,
            r"observ\['b'\]: .*shape \(2, 2\).*got array of shape \(2, 1\)",
        ),
        (
            set_item(0, {"c": np.zeros((2, 2), np.float32)}),
            errors.InvalidObservationError,
            "observ: .*'b'",
        ),
        (
            set_item(1, np.array([0, np.nan])),
            errors.InvalidResultError,
            "reward of environment 1: .* got nan",
        ),
        (
            set_item(1, np.array([1e300, 0])),
            errors.InvalidResultError,
            "reward of environment 0: .* got inf",
        ),
        (
            set_item(1, np.zeros(3)),
            errors.InvalidResultError,
            r"reward: expected numbers of shape \(2,\), got array of shape \(3,\)",
        ),
        (
            set_item(2, np.zeros(2)),
            errors.InvalidResultError,
            "terminated: expected booleans .* dtype float64",
        ),
        (
            set_item(3, np.zeros((2, 1), np.bool_)),
            errors.InvalidResultError,
            r"truncated: expected booleans of shape \(2,\), got array",
        ),
    ],
)
def test_refuses_results_that_are_not_finite_or_of_other_kinds(deed, error, message):
    env = rltools.InGraphBatchEnv(Vector(deed))
    action = np.zeros(2, np.int64)
    with pytest.raises(error, match=message):
        env.simulate(action)
    with pytest.raises(tf.errors.OpError, match=f"{error.__name__}: {message}"):
        tf.function(env.simulate)(action)


def test_smaller_dtypes_are_widened_without_loss():
    env = rltools.InGraphBatchEnv(
        Vector(set_item(0, {"b": np.full((2, 2), 3, np.float16)}))
    )
    env.simulate(np.zeros(2, np.int64))
    assert env.observ["b"].dtype == tf.float32
    assert env.observ["b"].numpy().tolist() == [[3, 3]] * 2


def test_refuses_what_is_no_batch_or_resets_by_itself(counting_env):
    with pytest.raises(errors.InvalidArgumentError, match="expected batch to be"):
        rltools.InGraphBatchEnv(counting_env(0))
    batch = rltools.BatchEnv([counting_env(0)], autoreset="next_step")
    with pytest.raises(errors.InvalidArgumentError, match="is disabled, got"):
        rltools.InGraphBatchEnv(batch)


def test_refuses_spaces_without_a_fixed_shape():
    space = spaces.Dict(a=spaces.Tuple([spaces.Text(3)]))
    batch = rltools.BatchEnv(
        [MockEnvironment(observation_space=space, action_shape=(1,))]
    )
    with pytest.raises(errors.InvalidSpaceError, match=r"observ\['a'\]\[0\]: .*Text"):
        rltools.InGraphBatchEnv(batch)


def test_a_step_that_fails_leaves_nothing_fresh(make_counting, counting_env):
    fault = faults.Raise(at_step=1, error=ZeroDivisionError)
    env = make_counting([Faulty(counting_env(0), fault)])
    env.reset()
    assert env.fresh.numpy().tolist() == [True]
    with pytest.raises(ZeroDivisionError):
        env.simulate(np.zeros((1, 2), np.float32))
    assert env.fresh.numpy().tolist() == [False]
