import pytest
from hypothesis import given
from hypothesis import strategies as st

from rltools.errors import InvalidArgumentError
from rltools.wrappers import ActionRepeat


@given(
    amount=st.integers(1, 7),
    rewards=st.lists(st.integers(-50, 50).map(float), min_size=1, max_size=20),
    flags=st.sampled_from([(True, False), (False, True), (True, True)]),
)
def test_equals_a_chunked_episode(counting, amount, rewards, flags):
    """Law: results are those of the inner episode cut into pieces of `amount` steps."""
    duration = len(rewards)
    inner = counting(duration, rewards=rewards, flags=flags)
    env = ActionRepeat(inner, amount)
    env.reset()
    actions = []
    for begin in range(0, duration, amount):
        end = min(begin + amount, duration)
        action = (begin // amount) % 5
        actions += [action] * (end - begin)
        observ, reward, terminated, truncated, info = env.step(action)
        assert float(observ[0]) == end
        assert reward == sum(rewards[begin:end])
        assert (terminated, truncated) == (flags if end == duration else (False, False))
        assert info == {"time": end}
    assert inner.actions == actions


@pytest.mark.parametrize("amount", [0, -1, 1.0, True, "2", None])
def test_bad_amount(counting, amount):
    with pytest.raises(InvalidArgumentError, match=r"amount.*at least 1, got"):
        ActionRepeat(counting(1), amount)
