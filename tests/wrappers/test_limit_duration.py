import gymnasium as gym
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rltools.errors import InvalidArgumentError, ResetNeededError
from rltools.wrappers import ActionRepeat, LimitDuration


@given(limit=st.integers(1, 8), duration=st.integers(1, 8), episodes=st.integers(1, 3))
def test_equals_the_model(counting, limit, duration, episodes):
    """Law: an episode ends at the smaller of both, truncated if and only if at ours."""
    env = LimitDuration(counting(duration), limit)
    for _ in range(episodes):
        env.reset()
        for step in range(1, min(limit, duration) + 1):
            _, _, terminated, truncated, _ = env.step(0)
            assert terminated is (step == duration)
            assert truncated is (step == limit)


def test_inner_truncation_stays(counting):
    env = LimitDuration(counting(2, flags=(False, True)), 5)
    env.reset()
    env.step(0)
    assert env.step(0)[2:4] == (False, True)


def test_step_without_reset(counting):
    inner = counting(9)
    env = LimitDuration(inner, 2)
    with pytest.raises(ResetNeededError, match="before the first reset"):
        env.step(0)
    env.reset()
    env.step(0)
    env.step(0)
    with pytest.raises(ResetNeededError, match="limit of 2 steps"):
        env.step(0)
    assert inner.actions == [0, 0]


def test_spec_keeps_the_order_of_the_wrappers():
    env = LimitDuration(ActionRepeat(gym.make("Pendulum-v1"), 4), 10)
    assert env.spec.max_episode_steps == 200
    twin = gym.make(env.spec)
    twin.reset()
    flags = [twin.step(twin.action_space.sample())[3] for _ in range(10)]
    assert flags == [False] * 9 + [True]


@pytest.mark.parametrize("duration", [0, -3, 2.0, True, None])
def test_bad_duration(counting, duration):
    with pytest.raises(InvalidArgumentError, match=r"duration.*at least 1, got"):
        LimitDuration(counting(1), duration)
