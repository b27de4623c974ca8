"""map and zip: laws of functors, and of their agreement with each other."""

from collections import ChainMap, OrderedDict, UserDict, defaultdict
from types import MappingProxyType
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rltools import AttrDict, nested
from rltools.errors import StructureError
from rltools.strategies import nests, same_structure

ON_INTEGERS = st.sampled_from([lambda x: x + 1, lambda x: 2 * x, abs])
FUNCTIONS = ON_INTEGERS | st.sampled_from([lambda x: (x, x), str, lambda x: None])


class Point(NamedTuple):
    x: object
    y: object


class Layers(list):
    pass


def types(structure):
    """Container types, keys in order, and leaves, found without the library."""
    if isinstance(structure, dict):
        return type(structure), [(k, types(v)) for k, v in structure.items()]
    if isinstance(structure, list | tuple):
        return type(structure), [types(item) for item in structure]
    return structure


@given(nests())
def test_map_of_the_identity_is_the_identity(structure):
    """Law: map(id, s) == s, with the same types and order of keys."""
    assert types(nested.map(lambda x: x, structure)) == types(structure)


@given(nests(), FUNCTIONS, ON_INTEGERS)
def test_map_respects_composition(structure, f, g):
    """Law: map(f, map(g, s)) == map(f . g, s)."""
    once = nested.map(lambda x: f(g(x)), structure)
    assert types(nested.map(f, nested.map(g, structure))) == types(once)


@given(nests())
def test_map_never_changes_or_shares_its_argument(structure):
    """Law: containers of the result are new, and those of the argument untouched."""
    before = types(structure)
    result = nested.map(lambda x: x + 1, structure)
    assert types(structure) == before
    if isinstance(structure, list | dict):
        assert result is not structure


@given(same_structure(2))
def test_map_of_two_equals_map_of_their_zip(pair):
    """Law: map(f, a, b) == map(f . unpack, zip(a, b)), where zipped rows are leaves."""
    rows = nested.map(lambda a, b: frozenset({("a", a), ("b", b)}), *pair)
    expected = nested.map(lambda row: dict(row)["a"] - dict(row)["b"], rows)
    assert types(nested.map(lambda a, b: a - b, *pair)) == types(expected)


@given(same_structure(3))
def test_zip_is_map_of_the_tuple(structures):
    """Law: zip(a, b, c) == map(tuple, a, b, c), nested and flat."""
    for flatten in (False, True):
        zipped = nested.zip(*structures, flatten=flatten)
        mapped = nested.map(lambda *row: row, *structures, flatten=flatten)
        assert types(zipped) == types(mapped)


@given(same_structure(3))
def test_flat_zip_transposes_the_leaves(structures):
    """Law: zip(..., flatten=True) == zip of the flattened structures."""
    columns = [nested.flatten(structure) for structure in structures]
    expected = tuple(zip(*columns, strict=True))
    assert nested.zip(*structures, flatten=True) == expected


@given(same_structure(2))
def test_first_component_of_a_zip_is_the_first_structure(pair):
    """Law: each component of zip(a, b) is a and b again."""
    leaves = iter(nested.zip(*pair, flatten=True))
    rows = nested.unflatten(pair[0], [frozenset(enumerate(row)) for row in leaves])
    for index in (0, 1):
        component = nested.map(lambda row, index=index: dict(row)[index], rows)
        assert component == pair[index]


@given(nests())
def test_zip_of_one_structure_keeps_its_leaves(structure):
    assert types(nested.zip(structure)) == types(structure)
    assert nested.zip(structure, flatten=True) == nested.flatten(structure)


@given(nests(), FUNCTIONS)
def test_flat_map_is_map_of_the_flat_leaves(structure, f):
    """Law: map(f, s, flatten=True) == tuple(f(x) for x in flatten(s))."""
    expected = tuple(f(leaf) for leaf in nested.flatten(structure))
    assert nested.map(f, structure, flatten=True) == expected


@given(nests(containers=[dict, list]))
def test_map_calls_in_stored_order(structure):
    """Law: calls follow the order in which the structure stores its items."""

    def leaves(node):
        if isinstance(node, dict | list):
            items = node.values() if isinstance(node, dict) else node
            return [leaf for item in items for leaf in leaves(item)]
        return [node]

    seen = []
    nested.map(seen.append, structure)
    assert seen == leaves(structure)


def test_result_has_types_and_key_order_of_the_first_structure():
    first = OrderedDict(b=(1, 2), a=[Point(3, 4)])
    second = AttrDict(a=((5, 6),), b=[7, 8])
    result = nested.map(lambda x, y: 10 * x + y, first, second)
    expected = OrderedDict(b=(17, 28), a=[Point(35, 46)])
    assert types(result) == types(expected)


@pytest.mark.parametrize(
    "structure",
    [
        defaultdict(int, a=1),
        MappingProxyType({"a": 1}),
        UserDict({"a": 1}),
        ChainMap({"a": 1}),
        Layers([1]),
        Point(1, Layers()),
        AttrDict(a=1),
    ],
    ids=lambda structure: type(structure).__name__,
)
def test_derived_containers_are_rebuilt_as_their_own_type(structure):
    result = nested.map(lambda x: x, structure)
    assert type(result) is type(structure)
    assert result == structure
    assert nested.unflatten(structure, nested.flatten(structure)) == structure


def test_a_rebuilt_default_dict_keeps_its_factory():
    result = nested.map(str, defaultdict(list, a=1))
    assert result["a"] == "1"
    assert result["new"] == []


def test_a_mapped_attr_dict_is_locked():
    result = nested.map(lambda x: x + 1, AttrDict(a={"b": 1}))
    assert result.a.b == 2
    with pytest.raises(RuntimeError):
        result.a.b = 3


@pytest.mark.parametrize("leaf", [None, "text", b"x", {1, 2}, range(3), object()])
def test_everything_else_is_a_leaf(leaf):
    assert nested.map(lambda x: [x], leaf) == [leaf]
    assert nested.flatten([leaf]) == (leaf,)


class Proxy:
    """Stands for another object, as the wrappers that `tf.Module` uses do."""

    def __init__(self, wrapped):
        self.wrapped = wrapped

    __class__ = property(lambda self: type(self.wrapped))

    def __iter__(self):
        return iter(self.wrapped)


def test_proxies_count_as_what_they_stand_for():
    leaf = Proxy(3)  # Comes first: must not make leaves of all proxies.
    assert nested.flatten([leaf]) == (leaf,)
    result = nested.map(lambda x: x + 1, Proxy((1, 2)))
    assert type(result) is tuple
    assert result == (2, 3)


def test_a_container_that_can_not_be_rebuilt_is_named():
    class Stubborn(dict):
        def __init__(self, *, size):
            super().__init__(a=size)

    with pytest.raises(StructureError, match="Stubborn"):
        nested.map(lambda x: x, [Stubborn(size=3)])


def test_the_function_is_not_called_before_all_structures_match():
    calls = []
    with pytest.raises(StructureError):
        nested.map(lambda *row: calls.append(row), [1, 2, [3]], [1, 2, [3, 4]])
    assert calls == []


def test_errors_of_the_function_pass_through_unchanged():
    error = StructureError("from the function")

    def fail(*leaves):
        raise error

    for structures in ([1], [2]), ([1],):
        with pytest.raises(StructureError) as caught:
            nested.map(fail, *structures)
        assert caught.value is error


@given(same_structure(2, containers=[dict, list], keys=st.integers() | st.text()))
def test_keys_of_mixed_types_are_fine(pair):
    assert nested.map(lambda a, b: a, *pair) == pair[0]
    assert len(nested.zip(*pair, flatten=True)) == len(nested.flatten(pair[0]))
