"""Any plan of faults fires as it was foretold."""

from dataclasses import replace

import gymnasium as gym
import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from rltools import strategies
from rltools.errors import InjectedError
from rltools.mocks import Faulty, MockEnvironment, faults

EPISODES = 4
SPACE = gym.spaces.Dict(
    a=gym.spaces.Box(-1, 1, (2,), np.float32),
    b=gym.spaces.Tuple([gym.spaces.Discrete(3), gym.spaces.MultiBinary(2)]),
)
PLANS = st.lists(
    st.builds(
        lambda fault, likely, everywhere: replace(
            fault, probability=likely, episode=None if everywhere else fault.episode
        ),
        strategies.faults(SPACE, max_episode=EPISODES),
        st.none() | st.floats(0, 1),
        st.booleans(),
    ),
    max_size=4,
)


# The second one finds an array where the space has a number.
BOTH_AT_ONCE = [
    kind(at_step=1, episode=0, choice=1)
    for kind in (faults.WrongShape, faults.WrongDtype)
]


def play(plan, duration, **options):
    mock = MockEnvironment(
        None, (1,), duration, duration, observation_space=SPACE, seed=0
    )
    env = Faulty(mock, *plan, **options)
    raised = []
    for episode in range(EPISODES):
        try:
            env.reset()
            for _ in range(duration):
                env.step(np.zeros(1, np.float32))
        except InjectedError:
            raised.append((episode, env.schedule[-1]))
    return env.schedule, raised


@given(PLANS, st.integers(1, 5), st.integers(0, 2**40), st.integers(0, 3))
def test_schedules_equal_the_plan(plan, duration, seed, env_index):
    """Law: what fires is what is expected, and depends on the seeds alone."""
    options = {"seed": seed, "env_index": env_index}
    schedule, raised = play(plan, duration, **options)
    assert schedule == faults.expected_schedule(plan, [duration] * EPISODES, **options)
    assert play(plan, duration, **options) == (schedule, raised)
    assert [each for _, each in raised] == [
        each for each in schedule if isinstance(each.fault, faults.Raise)
    ]
    assert all(each.episode == episode for episode, each in raised)


@given(PLANS, st.integers(1, 5), st.integers(0, 99), st.integers(0, 99))
@example(BOTH_AT_ONCE, 1, 0, 0)
def test_schedules_can_be_repeated_under_another_seed(plan, duration, seed, other):
    """Law: a schedule is a plan that fires at the same places and chooses the same."""
    schedule, _ = play(plan, duration, seed=seed)
    again, _ = play(faults.from_schedule(schedule), duration, seed=other)
    assert [(each.place, each.episode, each.step) for each in again] == [
        (each.place, each.episode, each.step) for each in schedule
    ]
    assert faults.from_schedule(again) == faults.from_schedule(schedule)
