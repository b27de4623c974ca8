import random

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env, data_equivalence
from hypothesis import given
from hypothesis import strategies as st

from rltools.errors import (
    ClosedError,
    InvalidActionError,
    InvalidArgumentError,
    InvalidSpaceError,
    ResetNeededError,
)
from rltools.mocks import IdentityEnvironment

SPACES = {
    "discrete": gym.spaces.Discrete(4, start=-1),
    "box": gym.spaces.Box(-2, 6, (2, 3), np.float32),
    "image": gym.spaces.Box(0, 255, (5,), np.uint8),
    "multi discrete": gym.spaces.MultiDiscrete([2, 5], start=[0, -1]),
    "multi binary": gym.spaces.MultiBinary(4),
}
every_space = pytest.mark.parametrize("space", SPACES.values(), ids=SPACES)


@every_space
@given(delay=st.integers(0, 4), more=st.integers(1, 4), seed=st.integers(0, 99))
def test_the_echo_earns_the_best_return(space, delay, more, seed):
    """Law: the echo earns 1 at each step from the delay on, and the best return."""
    env = IdentityEnvironment(space, delay=delay, duration=delay + more)
    observs = [env.reset(seed=seed)[0]]
    rewards = []
    done = False
    while not done:
        action = observs[max(len(observs) - 1 - delay, 0)]
        observ, reward, done, truncated, info = env.step(action)
        assert space.contains(observ)
        assert truncated is False
        assert info == {}
        observs.append(observ)
        rewards.append(reward)
    assert rewards == [0.0] * delay + [1.0] * more
    assert env.best_return == sum(rewards)


@every_space
def test_anything_else_earns_less(space):
    env = IdentityEnvironment(space, duration=500)
    space.seed(0)
    observ, _ = env.reset(seed=0)
    rewards = []
    for _ in range(500):
        action = space.sample()
        following, reward, *_ = env.step(action)
        assert (reward == 1.0) == np.array_equal(action, observ)
        assert 0.0 <= reward <= 1.0
        observ = following
        rewards.append(reward)
    assert np.mean(rewards) < 0.75


@pytest.mark.parametrize(
    ("space", "change", "reward"),
    [
        (gym.spaces.Discrete(2), lambda o: 1 - o, 0.0),
        (gym.spaces.MultiBinary(4), lambda o: o ^ np.int8([1, 0, 0, 0]), 0.75),
        (gym.spaces.MultiDiscrete([2, 2]), lambda o: o ^ [1, 0], 0.5),
        (gym.spaces.Box(0, 255, (1,), np.uint8), lambda o: ~o, None),
    ],
)
def test_what_is_nearly_right_earns_a_part(space, change, reward):
    env = IdentityEnvironment(space)
    observ, _ = env.reset(seed=4)
    if reward is None:
        reward = 1 - abs(int(observ[0]) - (255 - int(observ[0]))) / 255
    assert env.step(change(observ))[1] == pytest.approx(reward)


def test_distances_count_in_parts_of_the_bounds():
    low, high = np.float32([0, 10, 7]), np.float32([1, 30, 7])
    env = IdentityEnvironment(gym.spaces.Box(low, high))
    observ, _ = env.reset(seed=0)
    reward = env.step(low)[1]
    parts = [observ[0], (observ[1] - 10) / 20, 0]
    assert reward == pytest.approx(1 - np.mean(parts))


def test_the_observation_that_was_shown_counts_not_what_became_of_it():
    env = IdentityEnvironment(gym.spaces.Box(0, 1, (2,)))
    observ, _ = env.reset()
    action = observ.copy()
    observ[...] = 0
    assert env.step(action)[1] == 1.0


def test_an_earlier_episode_is_forgotten():
    env = IdentityEnvironment(gym.spaces.Discrete(1000), delay=1)
    env.reset(seed=0)
    env.step(0)
    first, _ = env.reset()
    assert env.step(first)[1] == 0.0
    assert env.step(first)[1] == 1.0


def test_seeds_restart_and_instances_differ():
    space = gym.spaces.Box(0, 1, (3,))
    env = IdentityEnvironment(space)

    def observe(seed=None):
        return env.reset(seed=seed)[0].tolist()

    first = [observe(3), observe(), observe(3), observe(), observe(4)]
    assert first[:2] == first[2:4]
    assert first[0] != first[1]
    assert first[0] != first[4]
    other = IdentityEnvironment(space)
    assert observe() != other.reset()[0].tolist()
    space.seed(0)  # It is not the space that makes them differ.
    fresh = [IdentityEnvironment(space).reset()[0].tolist() for _ in range(2)]
    assert fresh[0] != fresh[1]


@every_space
def test_no_foreign_randomness_is_touched(space):
    space.seed(3)
    before = (
        random.getstate(),
        np.random.get_state(),
        space.np_random.bit_generator.state,
    )
    env = IdentityEnvironment(space)
    env.step(env.reset(seed=1)[0])
    after = (
        random.getstate(),
        np.random.get_state(),
        space.np_random.bit_generator.state,
    )
    assert data_equivalence(before, after, exact=True)


@every_space
@pytest.mark.filterwarnings("ignore")
def test_gymnasium_finds_no_fault(space):
    check_env(IdentityEnvironment(space), skip_render_check=True)


def test_is_strict():
    env = IdentityEnvironment(gym.spaces.Discrete(2), duration=1)
    with pytest.raises(ResetNeededError):
        env.step(0)
    env.reset()
    with pytest.raises(InvalidActionError):
        env.step(2)
    env.step(1)
    with pytest.raises(ResetNeededError):
        env.step(1)
    env.close()
    with pytest.raises(ClosedError):
        env.reset()


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({"delay": -1}, "delay"),
        ({"delay": 0.5}, "delay"),
        ({"duration": 0}, "duration"),
        ({"delay": 3, "duration": 3}, "duration to be above delay=3, got 3"),
    ],
)
def test_bad_arguments(arguments, problem):
    with pytest.raises(InvalidArgumentError, match=problem):
        IdentityEnvironment(gym.spaces.Discrete(2), **arguments)


@pytest.mark.parametrize(
    ("space", "problem"),
    [
        (gym.spaces.Text(3), "one of Discrete, Box, MultiDiscrete, MultiBinary, got"),
        (gym.spaces.Box(0, np.inf, (2,)), "to be bounded"),
        (gym.spaces.Box(0, 1, (2, 0)), "not to be empty"),
        (3, "one of Discrete"),
    ],
)
def test_bad_spaces(space, problem):
    with pytest.raises(InvalidSpaceError, match=problem):
        IdentityEnvironment(space)
