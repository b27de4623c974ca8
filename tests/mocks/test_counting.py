import copy
import itertools

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env, data_equivalence
from hypothesis import given
from hypothesis import strategies as st

from rltools.batch_env import BatchEnv
from rltools.errors import (
    ClosedError,
    InvalidActionError,
    InvalidArgumentError,
    ResetNeededError,
)
from rltools.mocks import CountingEnvironment

expected = CountingEnvironment.expected


def test_counts():
    env = CountingEnvironment(3)
    # Episode 0 of environment 3 has 1 + 3 % 7 = 4 steps and is truncated.
    observ, info = env.reset()
    assert observ.tolist() == [3, 0, 0]
    assert observ.dtype == np.int64
    assert info == {"env": 3, "episode": 0, "step": 0, "seed": -1}
    for step in (1, 2, 3, 4):
        observ, reward, terminated, truncated, info = env.step(np.int64(500 + step))
        assert observ.tolist() == [3, 0, step]
        assert reward == 30_000 + step
        assert isinstance(reward, float)
        assert (terminated, truncated) == (False, step == 4)
        assert info == {
            **{"env": 3, "episode": 0, "step": step, "seed": -1},
            "action": 500 + step,
        }
    # Episode 1 has 1 + 5 % 7 steps and is terminated; 2 has 1 + 7 % 7 = 1.
    assert env.reset()[0].tolist() == [3, 1, 0]
    ends = [env.step(0)[2:4] for _ in range(6)]
    assert ends == [(False, False)] * 5 + [(True, False)]
    env.reset()
    assert env.step(0)[1:4] == (30_201, False, True)


@given(
    st.integers(0, 20),
    st.integers(1, 9),
    st.lists(st.none() | st.integers(0, 99), min_size=1, max_size=4),
)
def test_what_is_returned_is_what_is_expected(env_index, max_duration, seeds):
    """Law: `expected` is an oracle, whatever the seeds."""
    env = CountingEnvironment(env_index, max_duration=max_duration)
    last, episode = None, -1
    for seed in seeds:
        last, episode = (last, episode + 1) if seed is None else (seed, 0)
        options = {"seed": last, "max_duration": max_duration}
        length = env.duration(env_index, episode, **options)
        assert 1 <= length <= max_duration
        first = env.reset(seed=seed)
        assert env.observation_space.contains(first[0])
        assert data_equivalence(
            first, expected(env_index, episode, 0, **options), exact=True
        )
        for step in range(1, length + 1):
            result = env.step(step)
            assert data_equivalence(
                result,
                expected(env_index, episode, step, action=step, **options),
                exact=True,
            )
            assert (result[2] or result[3]) is (step == length)
        with pytest.raises(
            InvalidArgumentError, match=f"step to be from 0 to {length}"
        ):
            expected(env_index, episode, length + 1, **options)


def test_lengths_differ_by_env_episode_and_seed():
    duration = CountingEnvironment.duration
    assert {duration(index, 0) for index in range(7)} == set(range(1, 8))
    assert {duration(0, episode) for episode in range(7)} == set(range(1, 8))
    assert {duration(0, 0, seed=seed) for seed in range(7)} == set(range(1, 8))
    assert duration(0, 0, seed=3, max_duration=4) == 4


def test_a_seed_begins_to_count_anew():
    env = CountingEnvironment()
    firsts = [env.reset(seed=seed) for seed in (123, None, 123, None)]
    assert [observ.tolist()[1] for observ, _ in firsts] == [0, 1, 0, 1]
    assert data_equivalence(firsts[:2], firsts[2:], exact=True)
    assert firsts[3][1]["seed"] == 123


def test_rewards_are_exact_in_float32_and_all_different():
    rewards = {}
    for index, episode in itertools.product((0, 1, 1000), (0, 1, 99)):
        last = CountingEnvironment.duration(index, episode, max_duration=99)
        for step in range(1, last + 1):
            row = expected(index, episode, step, max_duration=99)
            rewards[index, episode, step] = row[1]
    assert len(set(rewards.values())) == len(rewards) > 40
    assert np.float32(list(rewards.values())).tolist() == list(rewards.values())


def test_rewards_stay_readable():
    assert expected(2, 103, 1)[1] == 20_301
    assert expected(0, 0, 105, seed=120, max_duration=121)[1] == 5


@pytest.mark.parametrize("workers", [0, 1])
def test_a_batch_mixes_nothing_up(workers):
    makes = [lambda i=i: CountingEnvironment(i) for i in range(5)]
    batch = BatchEnv.launch(makes, workers=workers)
    actions = np.arange(5) * 10
    try:
        observ, _ = batch.reset()
        assert observ.tolist() == [[index, 0, 0] for index in range(5)]
        episodes, steps = [0] * 5, [0] * 5
        for _ in range(20):
            observ, reward, terminated, truncated, info = batch.step(actions)
            done = terminated | truncated
            for index in range(5):
                steps[index] += 1
                row = expected(
                    index, episodes[index], steps[index], action=actions[index]
                )
                assert observ[index].tolist() == row[0].tolist()
                assert (reward[index], terminated[index], truncated[index]) == row[1:4]
                assert {key: info[key][index] for key in row[4]} == row[4]
                if done[index]:
                    episodes[index] += 1
                    steps[index] = 0
            if done.any():
                batch.reset(indices=np.flatnonzero(done))
    finally:
        batch.close()


def test_is_strict():
    env = CountingEnvironment()
    with pytest.raises(ResetNeededError):
        env.step(0)
    env.reset()
    with pytest.raises(InvalidActionError, match="0 to 999"):
        env.step(1000)
    env.step(0)
    with pytest.raises(ResetNeededError):
        env.step(0)
    env.close()
    with pytest.raises(ClosedError):
        env.reset()


@pytest.mark.filterwarnings("ignore")
def test_gymnasium_finds_no_fault():
    check_env(CountingEnvironment(2), skip_render_check=True)


def test_copies_go_on_alike():
    env = CountingEnvironment(4)
    env.reset(seed=6)
    twin = copy.deepcopy(env)
    assert data_equivalence(env.step(1), twin.step(1), exact=True)


@pytest.mark.parametrize(
    "arguments", [{"env_index": -1}, {"env_index": 0.5}, {"max_duration": 0}]
)
def test_bad_arguments(arguments):
    with pytest.raises(InvalidArgumentError, match=next(iter(arguments))):
        CountingEnvironment(**arguments)
    assert isinstance(CountingEnvironment(), gym.Env)


def test_numbers_of_numpy_give_the_same():
    for step in (0, 1):
        plain = CountingEnvironment.expected(1, 2, step)
        numbers = np.int64([1, 2, step])
        assert [type(part) for part in CountingEnvironment.expected(*numbers)] == [
            type(part) for part in plain
        ]
