import collections

import gymnasium as gym
import numpy as np
import pytest

from rltools.errors import InvalidArgumentError
from rltools.wrappers import RandomStart


def start_times(env, count, seed=0):
    times = [env.reset(seed=seed)[0]]
    times += [env.reset()[0] for _ in range(count - 1)]
    return [int(time[0]) for time in times]


def test_number_of_steps_is_even_up_to_the_maximum(counting):
    counts = collections.Counter(start_times(RandomStart(counting(50), 3), 800))
    assert sorted(counts) == [0, 1, 2, 3]
    # Four standard deviations around the mean of 200.
    assert all(150 < count < 250 for count in counts.values())


def test_observation_and_info_are_of_the_last_step(counting):
    env = RandomStart(counting(50), 4)
    for seed in range(20):
        observ, info = env.reset(seed=seed)
        assert info == {"time": int(observ[0])}


def test_actions_are_random_and_valid(counting):
    inner = counting(50, action_space=gym.spaces.Discrete(3, start=2))
    start_times(RandomStart(inner, 9), 50)
    assert collections.Counter(inner.actions).keys() == {2, 3, 4}


@pytest.mark.parametrize("flags", [(True, False), (False, True)])
def test_episode_that_ends_on_the_way_starts_again(counting, flags):
    inner = counting(2, flags=flags)
    env = RandomStart(inner, 50)
    times = set()
    for seed in range(30):
        inner.resets.clear()
        observ, info = env.reset(seed=seed, options={"level": 1})
        times.add(int(observ[0]))
        assert info == {"time": int(observ[0])}
        assert inner.resets[0] == (seed, {"level": 1})
        # Once more at most: the second number is smaller than the episode is long.
        assert inner.resets[1:] in ([], [(None, {"level": 1})])
    # The end itself is never returned, all that comes before is.
    assert times == {0, 1}


def test_environment_whose_every_episode_lasts_one_step(counting):
    assert set(start_times(RandomStart(counting(1), 5), 20)) == {0}


def test_seed_decides_and_differs(counting):
    def run(seed):
        inner = counting(90)
        times = start_times(RandomStart(inner, 40), 10, seed)
        return times, inner.actions

    assert run(1) == run(1)
    assert run(1) != run(2)
    assert len(set(run(1)[0])) > 3


def test_stream_is_not_that_of_the_environment(counting):
    env = RandomStart(counting(99), 50)
    same = 0
    for seed in range(20):
        steps = int(env.reset(seed=seed)[0][0])
        same += steps == int(np.random.default_rng(seed).integers(51))
    assert same < 5


def test_public_action_space_is_left_alone(counting):
    inner, other = counting(50), counting(50)
    env = RandomStart(inner, 9)
    for space in (env.action_space, other.action_space):
        space.seed(3)
    start_times(env, 10)
    draws = [env.action_space.sample() for _ in range(20)]
    assert draws == [other.action_space.sample() for _ in range(20)]


def test_unseeded_instances_differ(counting):
    first, second = (RandomStart(counting(99), 90) for _ in range(2))
    times = [[int(env.reset()[0][0]) for _ in range(20)] for env in (first, second)]
    assert times[0] != times[1]


@pytest.mark.parametrize("max_steps", [0, -1, 1.5, False, None])
def test_bad_max_steps(counting, max_steps):
    with pytest.raises(InvalidArgumentError, match=r"max_steps.*at least 1, got"):
        RandomStart(counting(1), max_steps)
