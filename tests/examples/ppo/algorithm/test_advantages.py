import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from examples.ppo.algorithm.advantages import discounted_sum, generalized_advantage


def column(values, dtype=np.float32):
    return tf.constant(np.array(values, dtype)[:, None])


def advantage(reward, value, next_value, ends="", discount=0.5, gae_lambda=0.5):
    """Advantages of one environment; `ends` has t, r (truncated) or - for each step."""
    ends = ends or "-" * len(reward)
    result = generalized_advantage(
        column(reward),
        column(value),
        column(next_value),
        column([end == "t" for end in ends], bool),
        column([end == "r" for end in ends], bool),
        discount,
        gae_lambda,
    )
    return result.numpy()[:, 0].tolist()


class TestHandWorked:
    def test_rollout_that_ends_within_an_episode_counts_the_value_of_what_follows(self):
        # delta: 1 + .5*4 - 2 = 1;  1 + .5*6 - 4 = 0;  1 + .5*8 - 6 = -1
        # advantage: 1 + .25*(-.25) = .9375;  0 + .25*(-1) = -.25;  -1
        assert advantage([1, 1, 1], [2, 4, 6], [4, 6, 8]) == [0.9375, -0.25, -1.0]

    def test_nothing_follows_a_termination(self):
        # delta: 1 + .5*4 - 2 = 1;  1 + 0 - 4 = -3;  1 + .5*8 - 6 = -1
        assert advantage([1, 1, 1], [2, 4, 6], [4, 100, 8], "-t-") == [0.25, -3.0, -1.0]

    def test_truncation_counts_the_value_of_the_final_observation(self):
        # delta: 1 + .5*4 - 2 = 1;  1 + .5*10 - 4 = 2;  1 + .5*8 - 6 = -1
        assert advantage([1, 1, 1], [2, 4, 6], [4, 10, 8], "-r-") == [1.5, 2.0, -1.0]

    def test_termination_at_the_limit_of_steps_is_a_termination(self):
        both = generalized_advantage(
            *(column([value]) for value in (1, 2, 100)),
            column([True], bool),
            column([True], bool),
            0.5,
            0.5,
        )
        assert both.numpy().item() == 1 - 2


def reference(reward, value, next_value, terminated, truncated, discount, gae_lambda):
    """The definition: a sum over the later steps of the same episode, equation 11."""
    steps, envs = reward.shape
    result = np.zeros((steps, envs))
    for env in range(envs):
        for start in range(steps):
            weight = 1.0
            for step in range(start, steps):
                following = 0.0 if terminated[step, env] else next_value[step, env]
                delta = reward[step, env] + discount * following - value[step, env]
                result[start, env] += weight * delta
                if terminated[step, env] or truncated[step, env]:
                    break
                weight *= discount * gae_lambda
    return result


SHAPES = arrays.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=7)
NUMBERS = st.floats(-100, 100, width=32)


@settings(max_examples=50, deadline=None)
@given(st.data(), SHAPES, st.floats(0, 1), st.floats(0, 1))
def test_equals_the_sum_that_defines_it(data, shape, discount, gae_lambda):
    """The recursion equals an independent computation of the definition."""
    numbers = [
        data.draw(arrays.arrays(np.float32, shape, elements=NUMBERS)) for _ in range(3)
    ]
    flags = [data.draw(arrays.arrays(bool, shape)) for _ in range(2)]
    actual = generalized_advantage(
        *map(tf.constant, numbers + flags), discount, gae_lambda
    )
    expected = reference(*numbers, *flags, discount, gae_lambda)
    np.testing.assert_allclose(actual, expected, rtol=1e-4, atol=1e-3)


@settings(max_examples=25, deadline=None)
@given(st.data(), SHAPES, st.floats(0, 0.99))
def test_lambda_one_and_true_values_give_returns(data, shape, discount):
    """Adding values to advantages of lambda 1 gives the discounted sum of rewards."""
    reward = data.draw(arrays.arrays(np.float32, shape, elements=NUMBERS))
    value = data.draw(arrays.arrays(np.float32, shape, elements=NUMBERS))
    terminated = np.zeros(shape, bool)
    terminated[-1] = True
    next_value = np.concatenate([value[1:], np.zeros_like(value[:1])])
    actual = value + generalized_advantage(
        *map(tf.constant, (reward, value, next_value, terminated, ~terminated & False)),
        discount,
        1.0,
    )
    weights = discount ** np.arange(len(reward), dtype=np.float64)
    expected = [weights[: len(reward) - t] @ reward[t:] for t in range(len(reward))]
    np.testing.assert_allclose(actual, expected, rtol=1e-4, atol=1e-2)


@pytest.mark.parametrize("other", [0, 1])
def test_environments_do_not_mix(other):
    """Whatever happens in one environment leaves the advantages of others alone."""
    rng = np.random.default_rng(0)
    numbers = rng.normal(size=(3, 6, 2)).astype(np.float32)
    ends = np.zeros((6, 2), bool)
    changed = numbers.copy()
    changed[:, :, other] = 99
    changed_ends = ends.copy()
    changed_ends[2, other] = True
    before = generalized_advantage(*numbers, ends, ends, 0.9, 0.9)
    after = generalized_advantage(*changed, changed_ends, ends, 0.9, 0.9)
    np.testing.assert_array_equal(before[:, 1 - other], after[:, 1 - other])
    assert not np.array_equal(before[:, other], after[:, other])


def sums_of(reward, begins, before, discount):
    """Discounted sums, step by step."""
    sums, result = before.astype(np.float64), []
    for rewards, fresh in zip(reward, begins, strict=True):
        sums = rewards + discount * np.where(fresh, 0, sums)
        result.append(sums)
    return np.array(result)


@settings(max_examples=30, deadline=None)
@given(st.data(), SHAPES, st.floats(0, 1))
def test_discounted_sums_equal_a_loop(data, shape, discount):
    """Which looks back, but not beyond the beginning of an episode."""
    reward = data.draw(arrays.arrays(np.float32, shape, elements=NUMBERS))
    begins = data.draw(arrays.arrays(bool, shape))
    before = data.draw(arrays.arrays(np.float32, shape[1:], elements=NUMBERS))
    actual = discounted_sum(*map(tf.constant, (reward, begins, before)), discount)
    expected = sums_of(reward, begins, before, discount)
    np.testing.assert_allclose(actual, expected, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("cut", [1, 3, 5])
def test_discounted_sums_go_on_from_rollout_to_rollout(cut):
    rng = np.random.default_rng(0)
    reward = rng.normal(size=(6, 2)).astype(np.float32)
    begins = rng.random((6, 2)) < 0.3
    whole = discounted_sum(reward, tf.constant(begins), tf.zeros(2), 0.9)
    first = discounted_sum(reward[:cut], tf.constant(begins[:cut]), tf.zeros(2), 0.9)
    second = discounted_sum(reward[cut:], tf.constant(begins[cut:]), first[-1], 0.9)
    np.testing.assert_allclose(np.concatenate([first, second]), whole, rtol=1e-5)
