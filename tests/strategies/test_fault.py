"""faults and fault_plans: possible ones, everywhere, shrinking to none."""

import itertools

import gymnasium as gym
import numpy as np
import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from rltools import strategies
from rltools.errors import InvalidOptionError, InvalidSpaceError
from rltools.mocks import Faulty, MockEnvironment, faults

BOX = gym.spaces.Box(-1, 1, (2,), np.float32)


@given(st.data(), strategies.spaces())
def test_faults_are_possible_in_their_space(data, space):
    """Law: every environment with this observation space can have them."""
    plan = data.draw(strategies.fault_plans(space))
    Faulty(MockEnvironment(observation_space=space, action_shape=()), *plan)


@given(st.data(), st.integers(0, 3), st.integers(1, 4), st.integers(0, 3))
def test_options_are_limits(data, max_episode, max_step, max_faults):
    plan = data.draw(
        strategies.fault_plans(
            BOX, max_episode=max_episode, max_step=max_step, max_faults=max_faults
        )
    )
    assert len(plan) <= max_faults
    for fault in plan:
        assert 0 <= fault.episode <= max_episode
        assert fault.at in ("reset", "end") or 1 <= fault.at_step <= max_step
        assert fault.probability is fault.once is None


def test_every_kind_is_drawn_at_every_place():
    drawn = set()

    @settings(
        max_examples=500, derandomize=True, database=None, phases=[Phase.generate]
    )
    @given(strategies.faults(BOX, max_episode=1, max_step=2))
    def draw(fault):
        drawn.add((type(fault), fault.at or fault.at_step))

    draw()
    kinds = {
        *(faults.Raise, faults.Unpicklable, faults.NotANumber, faults.OutOfBounds),
        *(faults.WrongDtype, faults.WrongShape, faults.ReusedBuffer),
    }
    assert drawn == set(itertools.product(kinds, ("reset", "end", 1, 2)))


@given(strategies.faults())
def test_without_a_space_faults_are_possible_in_any(fault):
    assert isinstance(fault, faults.Raise | faults.Unpicklable)


@given(strategies.faults(kinds=[faults.Exit, faults.Signal, faults.Slow, faults.Hang]))
def test_what_ends_the_process_is_drawn_if_asked_for(fault):
    assert isinstance(fault, faults.Disruption)
    assert not isinstance(fault, faults.Raise)


def test_options_of_kinds_are_drawn():
    drawn = strategies.faults(kinds=[faults.Exit, faults.Signal, faults.Slow])
    assert find(drawn, lambda fault: getattr(fault, "code", 0) > 3).code == 4
    assert find(drawn, lambda fault: getattr(fault, "number", 9) != 9).number in (
        11,
        15,
    )
    assert find(drawn, lambda fault: getattr(fault, "seconds", 0) > 0.005)


def test_shrinks_to_nothing_and_to_the_simplest():
    assert find(strategies.fault_plans(BOX), lambda plan: True) == []
    simplest = faults.Raise(at_step=1, episode=0)
    assert find(strategies.fault_plans(BOX), bool) == [simplest]
    nan = faults.NotANumber(at_step=1, episode=0, choice=0)
    assert find(strategies.fault_plans(BOX), lambda plan: nan in plan) == [nan]


@pytest.mark.parametrize(
    "options",
    [
        {"space": 3},
        {"kinds": []},
        {"kinds": faults.Raise},
        {"kinds": [int]},
        {"kinds": [faults.Raise()]},
        {"max_episode": -1},
        {"max_step": 0},
        {"max_step": 1.0},
    ],
    ids=repr,
)
@pytest.mark.parametrize("strategy", [strategies.faults, strategies.fault_plans])
def test_invalid_options_are_named(strategy, options):
    with pytest.raises(InvalidOptionError, match=f"but got {next(iter(options))}="):
        strategy(**options)


def test_an_invalid_number_of_faults_is_named():
    with pytest.raises(InvalidOptionError, match="max_faults=-1"):
        strategies.fault_plans(max_faults=-1)


@pytest.mark.parametrize("space", [None, gym.spaces.Discrete(2)])
def test_kinds_that_are_impossible(space):
    with pytest.raises(InvalidSpaceError, match="NotANumber needs an obs"):
        strategies.faults(space, kinds=[faults.Raise, faults.NotANumber])
