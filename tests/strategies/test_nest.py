"""nests and same_structure: same shape, fresh containers, shrinking to a leaf."""

from collections import OrderedDict, UserDict
from typing import NamedTuple

import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st

from rltools import AttrDict
from rltools.errors import InvalidOptionError
from rltools.strategies import nests, same_structure
from rltools.strategies.nest import CONTAINERS

ENOUGH = settings(max_examples=1000, database=None)


class Size(NamedTuple):
    width: int
    height: int


def shape(structure):
    if isinstance(structure, dict):
        return type(structure), [(k, shape(v)) for k, v in structure.items()]
    if isinstance(structure, list | tuple):
        return type(structure), [shape(item) for item in structure]
    return None


def containers(structure):
    if not isinstance(structure, dict | list | tuple):
        return []
    items = structure.values() if isinstance(structure, dict) else structure
    return [structure, *(each for item in items for each in containers(item))]


def leaves(structure):
    if isinstance(structure, dict | list | tuple):
        items = structure.values() if isinstance(structure, dict) else structure
        return [leaf for item in items for leaf in leaves(item)]
    return [structure]


@given(same_structure(3))
def test_structures_differ_in_leaves_only(structures):
    """Law: container types, lengths and keys in order are the same in all of them."""
    assert len(structures) == 3
    assert shape(structures[0]) == shape(structures[1]) == shape(structures[2])


@given(same_structure(2, containers=[list, dict]))
def test_structures_share_no_container(pair):
    first, second = ({id(each) for each in containers(nest)} for nest in pair)
    assert not first & second


def test_leaves_are_drawn_independently():
    find(same_structure(2), lambda pair: leaves(pair[0]) != leaves(pair[1]))


@pytest.mark.parametrize("kind", CONTAINERS)
def test_every_container_is_drawn_with_content_and_empty(kind):
    def contains(structure, is_empty):
        return any(
            type(each) is kind and (len(each) == 0) is is_empty
            for each in containers(structure)
        )

    find(nests(), lambda drawn: contains(drawn, False), settings=ENOUGH)
    if not hasattr(kind, "_fields"):
        find(nests(), lambda drawn: contains(drawn, True), settings=ENOUGH)


@given(nests(st.sampled_from("xyz"), containers=[OrderedDict, Size], keys=st.just(7)))
def test_leaves_containers_and_keys_are_those_asked_for(structure):
    for container in containers(structure):
        assert type(container) in (OrderedDict, Size)
        assert type(container) is Size or set(container) <= {7}
    assert all(leaf in ("x", "y", "z") for leaf in leaves(structure))


@given(nests(containers=[UserDict]))
def test_mappings_need_not_be_dictionaries(structure):
    assert isinstance(structure, int | UserDict)


@given(nests(max_leaves=2, containers=[list]))
def test_max_leaves_limits_the_size(structure):
    assert len(leaves(structure)) <= 2


@given(nests(containers=[AttrDict]))
def test_attr_dicts_are_locked(structure):
    if isinstance(structure, AttrDict):
        with pytest.raises(RuntimeError):
            structure.a = 1


def test_nests_shrink_to_a_leaf_and_to_single_items():
    assert find(nests(), lambda structure: True) == 0
    assert find(nests(), lambda s: any(x > 3 for x in leaves(s))) == 4
    found = find(nests(), lambda s: isinstance(s, list) and len(leaves(s)) == 2)
    assert found == [0, 0]


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("leaves", 3),
        ("leaves", int),
        ("keys", "abc"),
        ("keys", None),
        ("max_leaves", 0),
        ("max_leaves", 2.0),
        ("containers", []),
        ("containers", list),
        ("containers", [set]),
        ("containers", ["list"]),
    ],
)
def test_invalid_options_are_named(option, value):
    for make in (nests, lambda **options: same_structure(2, **options)):
        with pytest.raises(InvalidOptionError, match=f"but got {option}=") as caught:
            make(**{option: value})
        assert f"(type={type(value).__name__})" in str(caught.value)


@pytest.mark.parametrize("n", [0, -1, "2", None, 1.0])
def test_an_invalid_number_of_structures_is_named(n):
    with pytest.raises(InvalidOptionError, match="at least 1 but got n="):
        same_structure(n)
