import numpy as np
import pytest
from gymnasium import spaces
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_np

from rltools.errors import InvalidObservationError, InvalidSpaceError
from rltools.wrappers.spaces_32_bit import to_32_bit_space, to_32_bit_value

FLOAT_MAX = float(np.finfo(np.float32).max)


@st.composite
def leaf_spaces(draw):
    """Spaces that have a 32-bit form, bounded so that their samples fit."""
    kind = draw(st.sampled_from(["float", "integer", "discrete", "multi", "other"]))
    shape = draw(st_np.array_shapes(min_dims=0, max_dims=2, max_side=3))
    if kind == "float":
        dtype = draw(st.sampled_from([np.float16, np.float32, np.float64]))
        elements = st.floats(-100, 100, width=16)
    elif kind == "integer":
        dtype = draw(st.sampled_from([np.uint8, np.int16, np.int64, np.uint64]))
        elements = st.integers(0, 255)
    elif kind == "discrete":
        return spaces.Discrete(
            draw(st.integers(1, 99)), start=draw(st.integers(-99, 99))
        )
    elif kind == "multi":
        return spaces.MultiDiscrete(
            draw(st_np.arrays(np.int64, shape or 1, elements=st.integers(1, 9)))
        )
    else:
        return draw(st.sampled_from([spaces.MultiBinary((2, 2)), spaces.Text(5)]))
    low, high = np.sort(draw(st_np.arrays(dtype, (2, *shape), elements=elements)), 0)
    # Gymnasium can't sample from 0.0 to -0.0; adding zero makes it positive.
    low, high = np.asarray(low + dtype(0)), np.asarray(high + dtype(0))
    return spaces.Box(low, high, dtype=dtype)


def nested_spaces():
    return st.recursive(
        leaf_spaces(),
        lambda parts: st.one_of(
            st.lists(parts, max_size=3).map(spaces.Tuple),
            st.dictionaries(st.sampled_from("abc"), parts).map(spaces.Dict),
        ),
        max_leaves=5,
    )


def leaves(space):
    if isinstance(space, spaces.Dict):
        return [leaf for part in space.spaces.values() for leaf in leaves(part)]
    if isinstance(space, spaces.Tuple):
        return [leaf for part in space.spaces for leaf in leaves(part)]
    return [space]


@given(space=nested_spaces(), seed=st.integers(0, 2**31))
def test_values_of_the_space_are_in_the_new_space(space, seed):
    """Law: conversion takes space into new space, and no leaf has 64-bit numbers."""
    new = to_32_bit_space(space, "space")
    for old_leaf, leaf in zip(leaves(space), leaves(new), strict=True):
        assert type(leaf) is type(old_leaf)
        if not isinstance(leaf, spaces.Text):
            assert leaf.shape == old_leaf.shape
            assert leaf.dtype.itemsize <= 4
            assert leaf.dtype.kind == old_leaf.dtype.kind
    space.seed(seed)
    value = space.sample()
    converted = to_32_bit_value(new, value, "value")
    assert converted in new
    again = to_32_bit_value(new, converted, "value")
    assert repr(again) == repr(converted)


@given(space=nested_spaces())
def test_converting_twice_changes_nothing(space):
    """Law: the conversion of spaces is idempotent."""
    once = to_32_bit_space(space, "space")
    assert to_32_bit_space(once, "space") == once


@given(number=st.integers(-(2**63), 2**63 - 1))
def test_integers_are_exact_or_an_error(number):
    """Law: an int64 comes out equal as int32 or not at all."""
    new = to_32_bit_space(spaces.Box(-(2**63), 2**63 - 1, (1,), np.int64), "space")
    assert new.dtype == np.int32
    assert (int(new.low[0]), int(new.high[0])) == (-(2**31), 2**31 - 1)
    value = np.array([number])
    if -(2**31) <= number < 2**31:
        assert to_32_bit_value(new, value, "value").tolist() == [number]
    else:
        with pytest.raises(InvalidObservationError, match=rf"value\[0\].*{number}\."):
            to_32_bit_value(new, value, "value")


@given(number=st.floats(width=64))
def test_floats_are_rounded_or_an_error(number):
    """Law: a float64 comes out as the nearest finite float32 or not at all."""
    new = to_32_bit_space(spaces.Box(-np.inf, np.inf, (), np.float64), "space")
    with np.errstate(over="ignore"):
        expected = np.float32(number)
    if np.isfinite(expected):
        result = to_32_bit_value(new, np.float64(number), "value")
        assert result.dtype == np.float32
        assert result == expected
    else:
        with pytest.raises(InvalidObservationError, match="value: expected a finite"):
            to_32_bit_value(new, np.float64(number), "value")


def test_bounds_beyond_float32_become_infinite():
    low, high = np.array([-1e300, -1.0]), np.array([5.0, 1e300])
    new = to_32_bit_space(spaces.Box(low, high, dtype=np.float64), "space")
    assert new.low.tolist() == [-np.inf, -1]
    assert new.high.tolist() == [5, np.inf]


def test_bounds_are_rounded_like_the_values():
    new = to_32_bit_space(spaces.Box(0.1, 1 / 3, (1,), np.float64), "space")
    for bound in (0.1, 1 / 3):
        assert to_32_bit_value(new, np.array([bound]), "value") in new


def test_starts_and_keys_survive():
    space = spaces.Dict(
        [("z", spaces.Discrete(3, start=-7)), ("a", spaces.MultiDiscrete([2, 3]))]
    )
    space["a"].start[:] = 5
    new = to_32_bit_space(space, "space")
    assert list(new.spaces) == ["z", "a"]
    assert (int(new["z"].start), int(new["z"].n)) == (-7, 3)
    assert new["z"].dtype == new["a"].dtype == np.int32
    assert new["a"].start.tolist() == [5, 5]
    assert new["a"].nvec.tolist() == [2, 3]


@pytest.mark.parametrize("value", [1, np.int64(1), np.array(1), True])
def test_discrete_values_become_int32(value):
    new = to_32_bit_space(spaces.Discrete(3), "space")
    result = to_32_bit_value(new, value, "value")
    assert type(result) is np.int32
    assert result == 1


def test_narrow_spaces_are_the_same_objects():
    for space in (spaces.Box(0, 255, (2,), np.uint8), spaces.MultiBinary(3)):
        assert to_32_bit_space(space, "space") is space


@pytest.mark.parametrize(
    "space",
    [
        spaces.Sequence(spaces.Discrete(2)),
        spaces.OneOf([spaces.Discrete(2)]),
        spaces.Discrete(2**31 + 1),
        spaces.Discrete(2**31),
        spaces.Discrete(2, start=2**31 - 1),
        spaces.Discrete(2, start=-(2**31) - 1),
        spaces.MultiDiscrete([2, 2**31 + 1]),
        spaces.Box(2**31, 2**32, (1,), np.int64),
        spaces.Box(2**32, 2**33, (1,), np.uint64),
        spaces.Box(-(2**40), -(2**39), (1,), np.int64),
        spaces.Box(1e39, 1e40, (1,), np.float64),
        spaces.Box(-1e40, -1e39, (1,), np.float64),
    ],
)
def test_bad_space(space):
    nested = spaces.Dict(part=spaces.Tuple([spaces.Text(3), space]))
    with pytest.raises(InvalidSpaceError, match=r"space\['part'\]\[1\]: expected"):
        to_32_bit_space(nested, "space")


@pytest.mark.parametrize(
    "space",
    [
        spaces.Discrete(5, start=2**31 - 5),
        spaces.Discrete(5, start=-(2**31)),
        spaces.Box(2**31 - 1, 2**40, (1,), np.int64),
        spaces.Box(-(2**40), -(2**31), (1,), np.int64),
    ],
)
def test_space_that_just_fits(space):
    assert to_32_bit_space(space, "space").dtype == np.int32


NESTED = spaces.Dict(a=spaces.Tuple([spaces.Box(-9, 9, (2,), np.int32)]))


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"a": (np.zeros(2),)}, r"value\['a'\]\[0\]: expected numbers of shape \(2,\)"),
        ({"a": (np.zeros(3, int),)}, r"value\['a'\]\[0\].*shape \(3,\)"),
        ({"a": (np.array([0, 2**40]),)}, r"value\['a'\]\[0\]\[1\].*1099511627776"),
        ({"a": (["x", "y"],)}, r"value\['a'\]\[0\]"),
        ({"a": [np.zeros(2, int)]}, r"value\['a'\]: expected a tuple of 1"),
        ({"a": ()}, r"value\['a'\]: expected a tuple of 1"),
        ({"b": ()}, r"value: expected a dict with keys \['a'\]"),
        (3, r"value: expected a dict.*3 \(int\)"),
    ],
)
def test_bad_value(value, message):
    with pytest.raises(InvalidObservationError, match=message):
        to_32_bit_value(NESTED, value, "value")
