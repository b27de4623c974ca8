"""What an algorithm does to an environment by itself is noted and put right."""

import numpy as np
import pytest
from gymnasium import spaces

from rltools import mocks
from rltools.checks.algorithms.watch import Watch


@pytest.fixture
def watch():
    env = mocks.MockEnvironment(
        (1,), action_space=spaces.Discrete(2), min_duration=2, max_duration=2, seed=5
    )
    return Watch(env, seed=3, name="environment 7")


def first_observation(seed):
    return mocks.MockEnvironment((1,), (1,)).reset(seed=seed)[0]


def test_first_reset_is_seeded_unless_the_algorithm_does_so(watch):
    np.testing.assert_array_equal(watch.reset()[0], first_observation(3))
    assert not np.array_equal(watch.reset()[0], first_observation(3))
    np.testing.assert_array_equal(watch.reset(seed=4)[0], first_observation(4))


def test_given_seed_takes_the_place_of_the_first(watch):
    np.testing.assert_array_equal(watch.reset(seed=4)[0], first_observation(4))
    assert not np.array_equal(watch.reset()[0], first_observation(3))


def test_legal_use_is_no_problem(watch):
    for _ in range(2):
        watch.reset()
        for _ in range(2):
            watch.step(np.int64(1))
    watch.reset()
    watch.step(0)
    watch.reset()
    watch.step(0)
    assert watch.steps == 6
    assert watch.order_problems == watch.space_problems == []


def test_steps_out_of_order_are_noted_and_go_on(watch):
    # Step:   0 1 2 3
    # Ends:     x   x
    for _ in range(4):
        watch.step(0)
    problem = "of environment 7: expected a reset before it, as no episode runs"
    assert watch.order_problems == [
        f"training, step {step} {problem}" for step in (0, 2)
    ]
    assert watch.unwrapped.steps == [2, 2]


def test_wrong_actions_are_noted_and_replaced(watch):
    watch.reset()
    watch.step(2)
    assert watch.space_problems == [
        "training, step 0 of environment 7: action: expected an integer from 0 to 1, "
        "got 2 (int)"
    ]
    assert watch.unwrapped.steps == [1]
