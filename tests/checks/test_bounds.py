"""Elements at the bounds of spaces."""

from itertools import islice

import numpy as np
from gymnasium import spaces
from hypothesis import given, settings

from rltools import strategies
from rltools.checks.bounds import element_at_bounds, varied_elements
from rltools.space_checks import explain_mismatch


@settings(max_examples=30)
@given(strategies.spaces())
def test_elements_are_of_their_space(space):
    """Law: whatever the space, all of them are elements."""
    for element in islice(varied_elements(space, seed=0), 4):
        assert explain_mismatch(space, element, "element") is None


def test_numbers_are_at_their_bounds():
    box = spaces.Box(np.float32([-2, -np.inf]), np.float32([np.inf, 3]))
    assert element_at_bounds(box, "low").tolist() == [-2, -1e6]
    assert element_at_bounds(box, "high").tolist() == [1e6, 3]
    far = spaces.Box(2e6, 3e6, (1,), np.float64)
    assert element_at_bounds(far, "low").tolist() == [2e6]
    assert element_at_bounds(far, "high").tolist() == [2e6]
    half = spaces.Box(-np.inf, np.inf, (), np.float16)
    assert element_at_bounds(half, "high") == np.finfo(np.float16).max
    counts = spaces.MultiDiscrete([3, 4], start=[1, -1])
    assert element_at_bounds(counts, "low").tolist() == [1, -1]
    assert element_at_bounds(counts, "high").tolist() == [3, 2]
    assert element_at_bounds(spaces.MultiBinary(2), "high").tolist() == [1, 1]
    nest = spaces.Dict({"a": spaces.Discrete(3, start=2)})
    assert element_at_bounds(nest, "low") == {"a": 2}
    assert element_at_bounds(nest, "high") == {"a": 4}


def test_both_bounds_come_first_and_random_ones_follow_the_seed():
    space = spaces.Box(-1.0, 1.0, (2,))
    first, again, other = (
        [each.tolist() for each in islice(varied_elements(space, seed=seed), 6)]
        for seed in (1, 1, 2)
    )
    assert first == again
    assert first[0] == first[3] == [-1, -1]
    assert first[1] == first[4] == [1, 1]
    assert len({*map(tuple, (first[2], first[5], other[2], other[5]))}) == 4


def test_generator_of_the_space_is_left_alone():
    space = spaces.Box(-1.0, 1.0, (2,), seed=3)
    state = space.np_random.bit_generator.state
    list(islice(varied_elements(space, seed=5), 6))
    assert space.np_random.bit_generator.state == state
