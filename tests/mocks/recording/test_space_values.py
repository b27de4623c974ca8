"""Spaces come back equal, and work as they did."""

import numpy as np
import pytest
from gymnasium import spaces
from hypothesis import given
from hypothesis import strategies as st

from rltools import strategies
from rltools.errors import RecordingError
from rltools.mocks.recording.space_values import space_to_value, value_to_space
from rltools.mocks.recording.table import Table, TableWriter


def as_lists(structure):
    if isinstance(structure, tuple):
        return [as_lists(part) for part in structure]
    return structure


def through_a_table(space):
    writer = TableWriter()
    writer.append(space_to_value(space, "space"), "space")
    table = Table([as_lists(each) for each in writer.structures()], writer.arrays())
    return value_to_space(table[0])


@given(strategies.spaces(max_depth=3), st.integers(0, 1000))
def test_spaces_of_all_kinds_round_trip(space, seed):
    other = through_a_table(space)
    assert type(other) is type(space)
    assert other == space
    assert repr(other) == repr(space)
    assert other.dtype == space.dtype
    assert other.shape == space.shape
    space.seed(seed)
    other.seed(seed)
    assert repr(other.sample()) == repr(space.sample())


@given(strategies.spaces(), st.data())
def test_a_space_that_came_back_knows_its_elements(space, data):
    element = data.draw(strategies.elements(space))
    assert through_a_table(space).contains(element)


@pytest.mark.parametrize(
    "space",
    [
        spaces.Box(-np.inf, np.inf, (2,), np.int64),
        spaces.Box(-1, np.inf, (2,), np.float16),
        spaces.Box(np.array([-np.inf, 0]), np.array([0, np.inf]), dtype=np.float64),
        spaces.Box(0, 1, (), bool),
        spaces.Box(0, 1, (0,)),
        spaces.Box(np.float32(-0.0), 0.1, (2,)),
    ],
    ids=str,
)
def test_bounds_are_kept_to_the_bit(space):
    other = through_a_table(space)
    for name in ("low", "high", "bounded_below", "bounded_above"):
        one, two = getattr(space, name), getattr(other, name)
        assert (one.dtype, one.shape) == (two.dtype, two.shape)
        assert one.tobytes() == two.tobytes()
    for manner in ("below", "above", "both"):
        assert space.is_bounded(manner) == other.is_bounded(manner)


def test_the_rest_of_what_spaces_know():
    text = spaces.Text(5, min_length=2, charset="zebra")
    assert through_a_table(text).character_list == text.character_list
    keys = spaces.Dict([("b", text), (1, spaces.Discrete(2)), ("a", text)])
    assert list(through_a_table(keys).spaces) == ["b", 1, "a"]
    assert through_a_table(spaces.MultiBinary(3)).n == 3
    assert through_a_table(spaces.MultiBinary([3, 2])).n == (3, 2)
    discrete = through_a_table(spaces.Discrete(3, start=-1, dtype=np.int8))
    assert (discrete.n, discrete.start, discrete.dtype) == (3, -1, np.int8)
    if hasattr(keys, "sort_keys"):
        for sort_keys in (True, False):
            space = spaces.Dict(b=text, a=text, sort_keys=sort_keys)
            assert through_a_table(space).sort_keys is sort_keys
            assert list(through_a_table(space).spaces) == list(space.spaces)


class Narrow(spaces.Box):
    def contains(self, x):
        return False


@pytest.mark.parametrize("space", [Narrow(0, 1), None, "Discrete(2)"], ids=repr)
def test_a_class_of_somebody_else_is_named(space):
    try:
        nested = spaces.Dict(a=spaces.Tuple([spaces.Discrete(2), space]))
        graph = spaces.Graph(spaces.Discrete(2), space)
    except TypeError:
        nested, graph = space, None
    path = r"space\['a'\]\[1\]" if graph else "space"
    with pytest.raises(RecordingError, match=rf"^{path}: can't record a \w+"):
        space_to_value(nested, "space")
    if graph:
        with pytest.raises(RecordingError, match=r"^space\.edge_space: can't"):
            space_to_value(graph, "space")


@pytest.mark.parametrize(
    "value",
    [
        *[None, [], {}, {"kind": "Env"}, {"kind": "Box"}, {"kind": None}],
        {"kind": "Discrete", "n": np.int64(0), "start": np.int64(0)},
        {"kind": "Tuple", "spaces": [{"kind": "Text"}]},
        {"kind": "OneOf", "spaces": []},
        {"kind": "MultiBinary", "n": 0},
        {"kind": "Box", "low": 1, "high": 2, "bounded": {}},
    ],
    ids=str,
)
def test_what_is_not_a_space(value):
    with pytest.raises(RecordingError, match=r"is not a space \("):
        value_to_space(value)
