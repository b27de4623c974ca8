"""Structure errors name the path of the difference, what was expected and found."""

from collections import namedtuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rltools import AttrDict, nested
from rltools.errors import StructureError
from rltools.strategies import same_structure

Point = namedtuple("Point", "x y")
Size = namedtuple("Size", "width height")

CASES = [
    # first structure, second structure, path, expected, got
    ([1, 2], [1, 2, 3], "the root", "list of length 2", "list of length 3"),
    ({"a": [1, (2,)]}, {"a": [1, (2, 3)]}, "['a'][1]", "tuple of length 1", "length 2"),
    ([[1]], [5], "[0]", "list of length 1", "leaf of type int"),
    ([5], [[1]], "[0]", "leaf of type int", "list of length 1"),
    ((0, [1]), (0, {"a": 1}), "[1]", "list of length 1", "dict with keys ['a']"),
    ({"a": 1, "b": 2}, {"b": 2}, "the root", "keys ['a', 'b']", "missing: ['a']"),
    ({"a": {}}, {"a": {"x": 1}}, "['a']", "keys []", "extra: ['x']"),
    (Point(1, [2]), Point(1, 2), ".y", "list of length 1", "leaf of type int"),
    (Point(1, 2), Size(1, 2), "the root", "fields ['x', 'y']", "['width', 'height']"),
    ({3: [0]}, {3: ()}, "[3]", "list of length 1", "tuple of length 0"),
    (
        AttrDict(a={"b": 1}),
        {"a": 1},
        "['a']",
        "AttrDict with keys ['b']",
        "leaf of type int",
    ),
]
VERBS = {
    "map": lambda *structures: nested.map(print, *structures),
    "flat map": lambda *structures: nested.map(print, *structures, flatten=True),
    "zip": nested.zip,
    "filter": lambda *structures: nested.filter(print, *structures),
}


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize(("first", "other", "path", "expected", "got"), CASES)
def test_the_message_names_path_expectation_and_finding(
    verb, first, other, path, expected, got
):
    with pytest.raises(StructureError) as caught:
        VERBS[verb](first, other)
    message = str(caught.value)
    assert f" at {path}: expected" in message
    expectation, finding = message.split(", got ", 1)
    assert expected in expectation
    assert got in finding


def test_the_message_says_which_structure_differs():
    with pytest.raises(StructureError, match=r"Structure 2 differs .* \['a'\]\[0\]"):
        nested.zip({"a": [1]}, {"a": [2]}, {"a": [[3]]})


@given(same_structure(2, containers=[list, tuple, dict, AttrDict]), st.data())
def test_a_changed_leaf_is_found_at_its_path(pair, data):
    """Law: replacing the leaf at a path by a container makes an error with the path."""
    paths = []

    def visit(node, path):
        if isinstance(node, dict):
            for key, value in node.items():
                visit(value, f"{path}[{key!r}]")
        elif isinstance(node, list | tuple):
            for index, value in enumerate(node):
                visit(value, f"{path}[{index}]")
        else:
            paths.append(path)

    visit(pair[0], "")
    if not paths:
        return
    chosen = data.draw(st.integers(0, len(paths) - 1))
    position = iter(range(len(paths)))
    changed = nested.map(lambda x: [x] if next(position) == chosen else x, pair[1])
    with pytest.raises(StructureError) as caught:
        nested.zip(pair[0], changed)
    assert f" at {paths[chosen] or 'the root'}: expected leaf" in str(caught.value)


def test_sequences_and_mappings_match_whatever_their_type():
    assert nested.zip((1, 2), [3, 4]) == ((1, 3), (2, 4))
    assert nested.zip([1, 2], Point(3, 4)) == [(1, 3), (2, 4)]
    assert nested.zip({"b": 1, "a": 2}, AttrDict(a=3, b=4)) == {
        "b": (1, 4),
        "a": (2, 3),
    }
