"""spaces: every kind, restricted on request, sampleable, shrinking to a plain one."""

import warnings
from collections import Counter

import numpy as np
import pytest
from gymnasium import spaces as gym_spaces
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from rltools.errors import InvalidOptionError
from rltools.strategies import spaces

ALL = [
    gym_spaces.Box,
    gym_spaces.Dict,
    gym_spaces.Discrete,
    gym_spaces.Graph,
    gym_spaces.MultiBinary,
    gym_spaces.MultiDiscrete,
    gym_spaces.OneOf,
    gym_spaces.Sequence,
    gym_spaces.Text,
    gym_spaces.Tuple,
]
NESTED = (gym_spaces.Dict, gym_spaces.Tuple, gym_spaces.OneOf, gym_spaces.Sequence)
DRAW_MANY = settings(
    max_examples=500, derandomize=True, database=None, phases=[Phase.generate]
)


def draw_many(strategy):
    drawn = []

    @DRAW_MANY
    @given(strategy)
    def draw(value):
        drawn.append(value)

    draw()
    return drawn


@pytest.fixture(scope="module")
def boxes():
    return draw_many(spaces(kinds=[gym_spaces.Box]))


def parts(space):
    if isinstance(space, gym_spaces.Dict):
        return list(space.spaces.values())
    if isinstance(space, gym_spaces.Tuple | gym_spaces.OneOf):
        return list(space.spaces)
    return [space.feature_space] if isinstance(space, gym_spaces.Sequence) else []


def kinds(space):
    inner = [kind for part in parts(space) for kind in kinds(part)]
    return {type(space), *inner}


def depth(space):
    return 1 + max(map(depth, parts(space))) if parts(space) else 0


@given(spaces())
def test_samples_are_in_the_space(space):
    """Law: the space's own samples belong to it, and drawing one never overflows."""
    space.seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        sample = space.sample()
        with warnings.catch_warnings():
            # Gymnasium warns about its own samples of boxes without dimensions.
            warnings.simplefilter("ignore", UserWarning)
            assert space.contains(sample)


@given(spaces(kinds="array_like"))
def test_array_like_spaces_consist_of_arrays(space):
    allowed = {
        *(gym_spaces.Box, gym_spaces.Discrete, gym_spaces.MultiDiscrete),
        *(gym_spaces.MultiBinary, gym_spaces.Dict, gym_spaces.Tuple),
    }
    assert kinds(space) <= allowed


@given(st.data(), st.sets(st.sampled_from(ALL)))
def test_only_the_chosen_kinds_are_drawn(data, chosen):
    if not chosen - set(NESTED):
        with pytest.raises(InvalidOptionError, match="kind that is not nested"):
            spaces(kinds=chosen)
        return
    space = data.draw(spaces(kinds=chosen))
    features = {gym_spaces.Box, gym_spaces.Discrete}
    assert kinds(space) - features <= chosen


def test_every_kind_is_drawn_often():
    counts = Counter(type(space) for space in draw_many(spaces()))
    assert set(counts) == set(ALL)
    assert min(counts.values()) >= 5


@given(spaces(max_depth=1, max_dims=2, max_side=2))
def test_options_limit_depth_and_shape(space):
    assert depth(space) <= 1
    if isinstance(space, gym_spaces.Box | gym_spaces.MultiBinary):
        assert len(space.shape) <= 2
        assert all(side <= 2 for side in space.shape)


@given(spaces(max_depth=0))
def test_no_depth_is_no_nesting(space):
    assert not isinstance(space, NESTED)


@pytest.mark.parametrize(
    "condition",
    [
        lambda box: box.dtype == np.float16,
        lambda box: box.dtype == np.bool_,
        lambda box: box.dtype == np.uint64,
        lambda box: box.shape == (),
        lambda box: len(box.shape) == 3,
        lambda box: not box.bounded_below.any() and not box.bounded_above.any(),
        lambda box: box.dtype == np.int32 and not box.bounded_above.any(),
        lambda box: box.dtype == np.int64 and not box.bounded_below.any(),
        lambda box: box.bounded_below.any() and not box.bounded_below.all(),
        lambda box: box.is_bounded() and len(np.unique(box.low)) > 1,
        lambda box: box.is_bounded() and (box.low == box.high).all(),
    ],
)
def test_boxes_vary_in_dtype_shape_and_bounds(condition, boxes):
    assert any(condition(box) for box in boxes)


def test_explicit_bounds_are_moderate(boxes):
    for box in boxes:
        largest = 1000 if box.dtype.kind == "f" else 2**31
        low = box.low[box.bounded_below].tolist()
        high = box.high[box.bounded_above].tolist()
        assert all(abs(bound) <= largest for bound in low + high)


@pytest.mark.parametrize(
    ("kind", "condition"),
    [
        (gym_spaces.Discrete, lambda space: space.start < 0),
        (gym_spaces.Discrete, lambda space: space.n == 1),
        (gym_spaces.MultiDiscrete, lambda space: (space.start > 0).any()),
        (gym_spaces.MultiDiscrete, lambda space: space.nvec.ndim > 1),
        (gym_spaces.MultiDiscrete, lambda space: space.dtype == np.int32),
        (gym_spaces.MultiBinary, lambda space: len(space.shape) > 1),
        (gym_spaces.Text, lambda space: space.min_length == 0),
        (gym_spaces.Graph, lambda space: space.edge_space is None),
    ],
)
def test_other_kinds_vary_too(kind, condition):
    find(spaces(kinds=[kind]), condition)


@pytest.mark.parametrize("stack", [False, True])
def test_sequences_are_drawn_stacked_and_not(stack):
    strategy = spaces(kinds=[gym_spaces.Discrete, gym_spaces.Sequence])
    assert find(strategy, lambda space: getattr(space, "stack", None) is stack)


def test_spaces_shrink_to_a_plain_one():
    assert find(spaces(kinds=[gym_spaces.Discrete]), lambda space: True).n == 1
    assert not isinstance(find(spaces(), lambda space: True), NESTED)
    found = find(spaces(), lambda space: isinstance(space, gym_spaces.Tuple))
    assert len(found.spaces) == 1
    assert not isinstance(found.spaces[0], NESTED)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("kinds", "boxes"),
        ("kinds", 3),
        ("kinds", None),
        ("kinds", [int]),
        ("kinds", ["box"]),
        ("kinds", []),
        ("kinds", [gym_spaces.Dict]),
        ("kinds", gym_spaces.Box),
        ("max_depth", -1),
        ("max_depth", 1.0),
        ("max_dims", 0),
        ("max_side", "3"),
        ("max_side", True),
    ],
)
def test_invalid_options_are_named(option, value):
    with pytest.raises(InvalidOptionError, match=f"but got {option}=") as caught:
        spaces(**{option: value})
    assert f"(type={type(value).__name__})" in str(caught.value)


def test_options_are_keyword_only():
    with pytest.raises(TypeError):
        spaces("all")


def test_discrete_spaces_have_sizes_and_starts_independently():
    drawn = draw_many(spaces(kinds=[gym_spaces.Discrete]))
    assert {int(space.n) for space in drawn} == set(range(1, 11))
    assert {int(space.start) for space in drawn} == set(range(-10, 11))


def test_discrete_spaces_shrink_in_size_and_start():
    """A planted bug in each: what is needed for it stays, and no more of it."""
    strategy = spaces(kinds=[gym_spaces.Discrete])
    # Where it starts may stay: the one number it is drawn by knows no way from 4 to 0.
    assert find(strategy, lambda space: space.n > 3).n == 4
    found = find(strategy, lambda space: space.start < -1)
    assert found == gym_spaces.Discrete(1, start=-2)


def test_nothing_is_simpler_than_a_single_number():
    simplest = gym_spaces.Discrete(1)
    assert find(spaces(), lambda space: True) == simplest
    assert find(spaces(kinds="array_like"), lambda space: True) == simplest
    found = find(spaces(), lambda space: isinstance(space, gym_spaces.Tuple))
    assert found == gym_spaces.Tuple([simplest])
