import gymnasium as gym
import numpy as np
import pytest
import tensorflow as tf
from gymnasium import spaces
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import rltools
from rltools import nested
from rltools.mocks import MockEnvironment
from rltools.strategies import spaces as any_space

KINDS = [
    spaces.Box(-1, 1, (), np.float32),
    spaces.Box(-1, 1, (2, 3), np.float64),
    spaces.Box(-1, 1, (2,), np.float16),
    spaces.Box(0, 255, (4, 4, 3), np.uint8),
    spaces.Box(-9, 9, (2,), np.int16),
    spaces.Discrete(5),
    spaces.Discrete(3, start=-1),
    spaces.MultiDiscrete([2, 5]),
    spaces.MultiBinary(4),
    spaces.Dict(
        {
            "z": spaces.Tuple((spaces.Discrete(3), spaces.Box(-1, 1, (2,)))),
            "a": spaces.Dict({"m": spaces.MultiBinary(2)}),
        }
    ),
]


def make_batch(observation_space, action_space, count=3, seed=0):
    return rltools.BatchEnv(
        [
            MockEnvironment(
                observation_space=observation_space,
                action_space=action_space,
                min_duration=1,
                max_duration=3,
                seed=seed + index,
            )
            for index in range(count)
        ]
    )


def check_equals_eager(assert_same, observation_space, action_space, steps=8):
    """Step a batch in the graph and its twin in NumPy with the same actions."""
    env = rltools.InGraphBatchEnv(make_batch(observation_space, action_space))
    twin = make_batch(observation_space, action_space)
    twin.action_space.seed(0)
    step, reset = tf.function(env.simulate), tf.function(env.reset)
    done = np.ones(3, np.bool_)
    for _ in range(steps):
        reset(tf.where(done)[::-1, 0])
        if any(done):
            observ, _ = twin.reset(options={"reset_mask": done})
        assert_same(env.observ, observ)
        assert not np.any(env.done)
        action = twin.action_space.sample()
        step(nested.map(tf.constant, action))
        observ, reward, terminated, truncated, _ = twin.step(action)
        done = terminated | truncated
        assert_same(
            (env.observ, env.action, env.reward, env.terminated, env.truncated),
            (observ, action, reward.astype(np.float32), terminated, truncated),
        )
        assert_same(env.done, done)


@pytest.mark.parametrize("space", KINDS, ids=str)
def test_equals_the_batch_stepped_eagerly_for_every_kind_of_space(space, assert_same):
    """Oracle: the same environments, seeds and actions without a graph."""
    check_equals_eager(assert_same, space, space)


@given(pair=st.tuples(*[any_space(kinds="array_like", max_depth=2)] * 2))
@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
def test_equals_the_batch_stepped_eagerly_for_any_spaces(assert_same, pair):
    """Oracle: the same environments, seeds and actions without a graph."""
    check_equals_eager(assert_same, *pair, steps=3)


def test_steps_of_one_function_keep_what_was_read_before(make_counting):
    env = make_counting(3)

    @tf.function
    def run():
        env.reset()
        seen = [env.observ]
        env.simulate(tf.fill([3, 2], 1.0))
        seen.append(env.observ)
        env.simulate(tf.fill([3, 2], 2.0))
        seen.append(env.observ)
        env.reset([0])
        seen.append(env.observ)
        return tf.stack(seen), env.action

    seen, action = run()
    assert seen[:, :, 1].numpy().tolist() == [[0] * 3, [0] * 3, [0] * 3, [1, 0, 0]]
    assert seen[:, :, 2].numpy().tolist() == [[0] * 3, [1] * 3, [2] * 3, [0, 2, 2]]
    assert action.numpy().tolist() == [[2, 2]] * 3


def test_stacked_observations_equal_copies_although_the_batch_reuses_its_buffer():
    class Reusing(gym.vector.VectorEnv):
        def __init__(self):
            memory = np.zeros(256, np.float32)
            first = -memory.ctypes.data % 64 // 4  # Where TensorFlow shares memory.
            self.buffer = memory[first : first + 64].reshape(4, 16)
            self.num_envs = 4
            self.metadata = {"autoreset_mode": gym.vector.AutoresetMode.DISABLED}
            self.single_observation_space = spaces.Box(0, 99, (16,), np.float32)
            self.single_action_space = spaces.Discrete(2)

        def step(self, actions):
            self.buffer += 1
            flags = np.zeros(4, np.bool_)
            return self.buffer, np.zeros(4), flags, flags, {}

    env = rltools.InGraphBatchEnv(Reusing())

    @tf.function
    def run():
        seen = []
        for _ in range(10):
            env.simulate(tf.zeros(4, tf.int64))
            seen.append(env.observ)
        return tf.stack(seen)

    expected = np.broadcast_to(np.arange(1, 11)[:, None, None], (10, 4, 16))
    np.testing.assert_array_equal(run(), expected)
    for step in range(11, 14):
        env.simulate(np.zeros(4, np.int64))
        assert (env.observ.numpy() == step).all()


def test_partial_reset_changes_only_the_rows_asked_for(make_counting):
    env = make_counting(4)
    assert env.done.numpy().all()
    env.reset()
    assert not env.done.numpy().any()
    for _ in range(2):
        env.simulate(np.zeros((4, 2), np.float32))
    assert env.terminated.numpy().tolist() == [True, False, False, False]
    env.reset(tf.constant([2, 0]))
    assert env.observ.numpy().tolist() == [[0, 1, 0], [1, 0, 2], [2, 1, 0], [3, 0, 2]]
    assert env.reward.numpy().tolist() == [0, 102, 0, 302]
    assert not env.done.numpy().any()
    assert env.fresh.numpy().tolist() == [True, False, True, False]
    env.reset([])
    assert env.observ.numpy()[:, 2].tolist() == [0, 2, 0, 2]


def test_truncation_and_termination_are_kept_apart(make_counting):
    env = make_counting(2)
    env.reset()
    for _ in range(2):
        env.simulate(np.zeros((2, 2), np.float32))
    env.reset([0])
    env.simulate(np.zeros((2, 2), np.float32))
    assert env.terminated.numpy().tolist() == [False, False]
    assert env.truncated.numpy().tolist() == [False, True]
    env.reset([1])
    assert env.truncated.numpy().tolist() == [False, False]


@pytest.mark.parametrize("seed", [7, tf.constant(7), np.int64(7)])
def test_seed_of_each_environment_depends_on_its_index(make_counting, seed):
    env = make_counting(3)
    tf.function(env.reset)(seed=seed)
    tf.function(env.reset)([2, 1], seed=seed)
    env.reset([1])
    assert [env.batch[i].seeds for i in range(3)] == [[7], [8, 8, None], [9, 9]]


def test_works_with_batches_of_gymnasium(counting_env):
    batch = gym.vector.SyncVectorEnv(
        [lambda index=index: counting_env(index) for index in range(2)],
        autoreset_mode="Disabled",
    )
    env = rltools.InGraphBatchEnv(batch)
    env.reset()
    for _ in range(2):
        env.simulate(np.zeros((2, 2), np.float32))
    env.reset([0])
    assert env.observ.numpy().tolist() == [[0, 1, 0], [1, 0, 2]]


def test_variables_are_not_for_training(make_counting):
    env = make_counting(3)
    assert len(env) == 3
    assert env.variables
    assert not env.trainable_variables
