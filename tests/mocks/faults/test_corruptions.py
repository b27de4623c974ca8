"""Corruptions break what they say, in every space in which that is possible."""

import copy
import pickle

import gymnasium as gym
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rltools import strategies
from rltools.errors import InvalidSpaceError
from rltools.mocks import Faulty, MockEnvironment, faults
from rltools.mocks.leaves import leaf_spaces
from rltools.nested import flatten
from rltools.space_checks import explain_mismatch

KINDS = [
    faults.NotANumber,
    faults.OutOfBounds,
    faults.WrongDtype,
    faults.WrongShape,
]


def corrupted(space, fault, seed=0):
    """A right observation and what the fault made of it."""
    env = MockEnvironment(observation_space=space, action_shape=(), seed=0)
    right, _ = copy.deepcopy(env).reset()
    wrong, _ = Faulty(env, fault, seed=seed).reset()
    return right, wrong


@pytest.mark.parametrize("kind", KINDS)
@given(space=strategies.spaces(kinds="array_like"), choice=st.integers(0, 2**40))
def test_something_is_wrong_in_every_space_that_allows_it(kind, space, choice):
    """Law: the observation is not of its space any more, at one leaf."""
    fault = kind(choice=choice)
    if not any(fault.can_change(leaf) for _, leaf in leaf_spaces(space)):
        with pytest.raises(InvalidSpaceError, match=kind.__name__):
            corrupted(space, fault)
        return
    right, wrong = corrupted(space, fault)
    assert explain_mismatch(space, right, "observ") is None
    assert explain_mismatch(space, wrong, "observ") is not None
    leaves = zip(flatten(right), flatten(wrong), strict=True)
    differing = [pair for pair in leaves if not _is_same(*pair)]
    assert len(differing) == 1
    before, after = differing[0]
    if kind in (faults.NotANumber, faults.OutOfBounds):
        assert np.shape(after) == np.shape(before)
        assert np.sum(np.not_equal(before, after)) == 1
    else:
        np.testing.assert_array_equal(np.ravel(after), np.ravel(before))


def _is_same(first, second):
    return (
        type(first) is type(second)
        and np.shape(first) == np.shape(second)
        and np.asarray(first).dtype == np.asarray(second).dtype
        and np.array_equal(first, second, equal_nan=True)
    )


BOX = gym.spaces.Box(-1, 1, (2,), np.float32)
NESTED = gym.spaces.Dict(
    arm=gym.spaces.Tuple([gym.spaces.Discrete(2, start=3), BOX]),
    name=gym.spaces.Text(3),
)


@pytest.mark.parametrize(
    ("kind", "space", "problem"),
    [
        (faults.NotANumber, BOX, r"observ\[\d\]: .*, got nan"),
        (faults.NotANumber, NESTED, r"observ\['arm'\]\[1\]\[\d\]: .*, got nan"),
        (faults.OutOfBounds, BOX, "from -1.0 to 1.0, got 2"),
        (
            faults.OutOfBounds,
            gym.spaces.Discrete(2, start=3),
            r"to 4, got np.int64\(5\)",
        ),
        (faults.OutOfBounds, gym.spaces.MultiBinary(1), "0 to 1, got 2"),
        (faults.OutOfBounds, gym.spaces.MultiDiscrete([4], start=[2]), "5, got 6"),
        (faults.OutOfBounds, gym.spaces.Box(1, 2**8 - 1, (1,), np.uint8), "got 0"),
        (faults.OutOfBounds, gym.spaces.Box(0, 254, (1,), np.uint8), "got 255"),
        (faults.OutOfBounds, gym.spaces.Box(-5, np.inf, (1,)), "got -10"),
        (faults.OutOfBounds, gym.spaces.Box(-np.inf, 3e38, (1,)), "got inf"),
        (faults.WrongDtype, BOX, "expected dtype float32, got float64"),
        (
            faults.WrongDtype,
            gym.spaces.Box(-1, 1, (2,), np.float64),
            "expected dtype float64, got complex128",
        ),
        (faults.WrongDtype, gym.spaces.MultiBinary(2), "int8, got float64"),
        (faults.WrongDtype, gym.spaces.Discrete(1), r"got 0.0 \(float\)"),
        (faults.WrongShape, BOX, r"expected shape \(2,\), got \(1, 2\)"),
        (faults.WrongShape, gym.spaces.Discrete(1), r"array of shape \(1,\)"),
        (faults.WrongShape, gym.spaces.Box(0, 1, ()), r"shape \(\), got \(1,\)"),
    ],
)
def test_examples(kind, space, problem):
    right, wrong = corrupted(space, kind())
    assert explain_mismatch(space, right, "observ") is None
    with pytest.raises(ValueError, match=problem):
        raise ValueError(explain_mismatch(space, wrong, "observ"))


@pytest.mark.parametrize(
    ("kind", "space"),
    [
        (faults.NotANumber, gym.spaces.Discrete(2)),
        (faults.NotANumber, gym.spaces.Box(0, 255, (2,), np.uint8)),
        (faults.NotANumber, gym.spaces.Box(0, 1, (0,))),
        (faults.OutOfBounds, gym.spaces.Box(-np.inf, np.inf, (2,))),
        (faults.OutOfBounds, gym.spaces.Box(0, 255, (2,), np.uint8)),
        (faults.OutOfBounds, gym.spaces.Box(0, 1, (2,), np.bool_)),
        (faults.OutOfBounds, gym.spaces.Text(3)),
        (faults.WrongDtype, gym.spaces.Text(3)),
        (faults.WrongShape, gym.spaces.Sequence(BOX)),
        (faults.ReusedBuffer, gym.spaces.Discrete(2)),
        (faults.ReusedBuffer, gym.spaces.Dict(a=gym.spaces.Text(3))),
    ],
)
def test_spaces_in_which_nothing_can_have_the_fault(kind, space):
    env = MockEnvironment(observation_space=space, action_shape=())
    with pytest.raises(InvalidSpaceError, match=rf"{kind.__name__}\(\): expected an "):
        Faulty(env, kind())


def test_choices_reach_every_leaf_and_number():
    space = gym.spaces.Tuple([BOX, gym.spaces.Discrete(2), BOX])
    hit = set()
    for seed in range(40):
        _, wrong = corrupted(space, faults.NotANumber(), seed)
        hit.add(tuple(np.isnan(np.concatenate([wrong[0], wrong[2]])).tolist()))
    assert len(hit) == 4


def test_the_environments_own_observation_is_left_alone():
    class Stubborn(gym.Env):
        observation_space = gym.spaces.Dict(a=BOX)
        action_space = BOX
        observ = {"a": np.zeros(2, np.float32)}

        def reset(self, *, seed=None, options=None):
            return self.observ, {}

    for kind in KINDS:
        Faulty(Stubborn(), kind()).reset()
        assert Stubborn.observ["a"].tolist() == [0, 0]
        assert Stubborn.observ["a"].dtype == np.float32


def test_an_unpicklable_info():
    env = Faulty(MockEnvironment((1,), (1,)), faults.Unpicklable(at_step=1))
    assert env.reset()[1] == {}
    info = env.step(np.zeros(1, np.float32))[4]
    with pytest.raises(TypeError, match="pickle"):
        pickle.dumps(info)


def _reused(*plan, steps, duration=9, space=BOX):
    env = MockEnvironment(
        None, (1,), duration, duration, observation_space=space, seed=0
    )
    env = Faulty(env, *plan)
    observs = [env.reset()[0]]
    for _ in range(steps):
        observ, *_, terminated, _, _ = env.step(np.zeros(1, np.float32))
        observs.append(observ)
        if terminated:
            observs.append(env.reset()[0])
    return observs


def test_a_reused_buffer_overwrites_what_was_returned_before():
    fresh = _reused(steps=3)
    reused = _reused(faults.ReusedBuffer(), steps=3)
    assert all(observ is reused[0] for observ in reused)
    np.testing.assert_array_equal(reused[0], fresh[-1])


def test_a_buffer_reused_at_a_reset_overwrites_the_terminal_observation():
    fresh = _reused(steps=2, duration=2)
    reused = _reused(faults.ReusedBuffer(at="reset"), steps=2, duration=2)
    # Observations:  reset  step  end  reset
    # Reused:                      x     x
    assert reused[2] is reused[3]
    np.testing.assert_array_equal(reused[2], fresh[3])
    np.testing.assert_array_equal(reused[1], fresh[1])


def test_a_buffer_reused_at_the_end_only_concerns_the_terminal_observation():
    reused = _reused(faults.ReusedBuffer(at="end"), steps=3, duration=2)
    assert reused[1] is reused[2]
    assert len({id(observ) for observ in reused}) == len(reused) - 1


def test_all_arrays_of_a_nest_are_reused():
    space = gym.spaces.Dict(a=BOX, b=gym.spaces.Tuple([gym.spaces.Discrete(9), BOX]))
    first, second = _reused(faults.ReusedBuffer(at_step=1), steps=1, space=space)
    assert first["a"] is second["a"]
    assert first["b"][1] is second["b"][1]
    fresh = _reused(steps=1, space=space)[1]
    assert second["b"][0] == fresh["b"][0]
    np.testing.assert_array_equal(second["a"], fresh["a"])


def test_what_does_not_fit_the_buffer_is_returned_as_it_is():
    plan = [faults.WrongShape(at_step=1), faults.ReusedBuffer()]
    observs = _reused(*plan, steps=2)
    assert [observ.shape for observ in observs] == [(2,), (1, 2), (2,)]
    plan = [faults.WrongDtype(at_step=1), faults.ReusedBuffer()]
    observs = _reused(*plan, steps=2)
    assert [observ.dtype.char for observ in observs] == ["f", "d", "f"]
