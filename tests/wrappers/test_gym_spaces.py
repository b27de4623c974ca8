import gym as old_gym
import gymnasium as gym
import numpy as np
import pytest
from gym import spaces as old
from gymnasium import spaces as new
from hypothesis import given
from hypothesis import strategies as st

from rltools.errors import InvalidSpaceError
from rltools.wrappers.gym_spaces import convert_space, convert_value, has_graph

PAIRS = [
    (old.Box(-1, 2, (2, 3), np.float64), new.Box(-1, 2, (2, 3), np.float64)),
    (old.Box(0, 255, (2,), np.uint8), new.Box(0, 255, (2,), np.uint8)),
    (
        old.Box(np.float32([-np.inf, 0]), np.float32([1, np.inf])),
        new.Box(np.float32([-np.inf, 0]), np.float32([1, np.inf])),
    ),
    (old.Box(0, 1, (), np.float32), new.Box(0, 1, (), np.float32)),
    (old.Discrete(3), new.Discrete(3)),
    (old.Discrete(4, start=-2), new.Discrete(4, start=-2)),
    (old.MultiDiscrete([[2, 3], [4, 5]]), new.MultiDiscrete([[2, 3], [4, 5]])),
    (
        old.MultiDiscrete([2, 3], dtype=np.int32),
        new.MultiDiscrete(np.array([2, 3]), dtype=np.int32),
    ),
    (old.MultiBinary(4), new.MultiBinary(4)),
    (old.MultiBinary([2, 3]), new.MultiBinary([2, 3])),
    (
        old.Text(5, min_length=2, charset="abc"),
        new.Text(5, min_length=2, charset="abc"),
    ),
    (old.Sequence(old.Discrete(3)), new.Sequence(new.Discrete(3))),
    (
        old.Graph(old.Box(0, 1, (2,)), old.Discrete(3)),
        new.Graph(new.Box(0, 1, (2,)), new.Discrete(3)),
    ),
    (old.Graph(old.Discrete(3), None), new.Graph(new.Discrete(3), None)),
]


def wrap(pairs):
    items = st.lists(pairs, min_size=1, max_size=3)
    keys = st.permutations("zab")
    return st.one_of(
        pairs.map(lambda pair: (old.Sequence(pair[0]), new.Sequence(pair[1]))),
        items.map(
            lambda pairs: (
                old.Tuple([pair[0] for pair in pairs]),
                new.Tuple([pair[1] for pair in pairs]),
            )
        ),
        st.tuples(keys, items).map(
            lambda drawn: (
                old.Dict([(k, p[0]) for k, p in zip(*drawn, strict=False)]),
                new.Dict([(k, p[1]) for k, p in zip(*drawn, strict=False)]),
            )
        ),
    )


NESTED_PAIRS = st.recursive(st.sampled_from(PAIRS), wrap, max_leaves=4)


@given(pair=NESTED_PAIRS, seed=st.integers(0, 2**31))
def test_equals_the_space_of_gymnasium(pair, seed):
    """Law: the converted space equals the one written for Gymnasium, key by key."""
    source, expected = pair
    converted = convert_space(source, "space")
    assert converted == expected
    assert repr(converted) == repr(expected)
    assert converted.dtype == expected.dtype


@given(pair=NESTED_PAIRS, seed=st.integers(0, 2**31))
def test_values_go_both_ways(pair, seed):
    """Law: converted elements are elements, and there and back is the identity."""
    source, target = pair
    source.seed(seed)
    value = source.sample()
    there = convert_value(target, value)
    assert there in target
    back = convert_value(source, there)
    assert back in source
    assert repr(tuple_of(back)) == repr(tuple_of(value))
    if not has_graph(target):
        assert value in target


def tuple_of(value):
    """Take mappings apart, whose classes differ."""
    if isinstance(value, dict):
        return [(key, tuple_of(part)) for key, part in value.items()]
    if type(value) is tuple:
        return tuple(map(tuple_of, value))
    return value


def test_graphs_become_graphs_of_the_other_package():
    source = old.Dict(a=old.Tuple([old.Graph(old.Discrete(3), None)]))
    target = convert_space(source, "space")
    assert has_graph(target)
    value = convert_value(target, source.sample())
    assert type(value["a"][0]) is new.GraphInstance
    back = convert_value(source, value)
    assert type(back["a"][0]) is old.graph.GraphInstance


def test_spaces_of_gymnasium_stay():
    space = new.Discrete(3)
    assert convert_space(space, "space") is space
    mixed = convert_space(old.Tuple([old.Discrete(2)]), "space")
    assert mixed == new.Tuple([new.Discrete(2)])


def test_discrete_without_start():
    space = old.Discrete(3)
    del space.start
    assert convert_space(space, "space") == new.Discrete(3)


def test_subclass_counts_as_its_base():
    class Coin(old.Discrete):
        def __init__(self):
            super().__init__(2)

    assert convert_space(Coin(), "space") == new.Discrete(2)


class Unknown(old.Space):
    """A space of a kind that does not come with gym."""


class Box:
    """Has the name of a space but is none."""


@pytest.mark.parametrize("space", [Unknown(), Box(), None, 3, old_gym, gym])
def test_bad_space(space):
    with pytest.raises(InvalidSpaceError, match="space: expected a space of gym"):
        convert_space(space, "space")


def test_path_of_a_bad_space():
    nested = old.Dict(a=old.Tuple([old.Discrete(2), old.Sequence(Unknown())]))
    with pytest.raises(InvalidSpaceError, match=r"space\['a'\]\[1\]\.feature_space: "):
        convert_space(nested, "space")
