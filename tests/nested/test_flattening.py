"""flatten and unflatten: inverse to each other, and independent of key order."""

import enum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rltools import nested
from rltools.errors import StructureError
from rltools.strategies import nests, same_structure

KEYS = st.one_of(st.text(max_size=2), st.integers(), st.none(), st.booleans())


class Joint(enum.Enum):
    HIP = 1
    KNEE = 2


def reorder(structure):
    """The same structure with all dictionaries built in the opposite order."""
    if isinstance(structure, dict):
        return {key: reorder(structure[key]) for key in reversed(structure)}
    if isinstance(structure, list):
        return [reorder(item) for item in structure]
    return structure


@given(nests())
def test_unflatten_inverts_flatten(structure):
    """Law: unflatten(s, flatten(s)) == s."""
    result = nested.unflatten(structure, nested.flatten(structure))
    assert result == structure
    assert repr(result) == repr(structure)  # Types and order of keys too.


@given(same_structure(2))
def test_flatten_inverts_unflatten(pair):
    """Law: flatten(unflatten(s, leaves)) == leaves."""
    leaves = nested.flatten(pair[1])
    assert nested.flatten(nested.unflatten(pair[0], leaves)) == leaves


@given(same_structure(2))
def test_structure_comes_from_the_template_and_leaves_from_the_other(pair):
    """Law: unflatten(a, flatten(b)) == b for structures of the same shape."""
    template, other = pair
    assert nested.unflatten(template, iter(nested.flatten(other))) == other


@given(nests(containers=[dict, list], keys=st.text(max_size=2)))
def test_equal_structures_give_equal_leaves(structure):
    """Law: the order in which a dictionary was filled does not matter."""
    other = reorder(structure)
    assert other == structure
    assert nested.flatten(other) == nested.flatten(structure)


@pytest.mark.parametrize(
    "structure",
    [
        {Joint.KNEE: 1, Joint.HIP: 2},
        {"a": 1, 3: 2, None: 4, (1, 2): 5},
        {1: 1, "1": 2, 2: 3},
    ],
)
def test_keys_that_can_not_be_compared_have_an_order_too(structure):
    other = reorder(structure)
    assert nested.flatten(other) == nested.flatten(structure)
    assert nested.unflatten(other, nested.flatten(structure)) == structure


@given(nests(containers=[dict, list, tuple], keys=KEYS))
def test_unflatten_inverts_flatten_for_keys_of_any_type(structure):
    assert nested.unflatten(structure, nested.flatten(structure)) == structure


def test_sorted_keys_are_visited_first_to_last():
    structure = {"b": 1, "a": {"d": [2], "c": 3}}
    assert nested.flatten(structure) == (3, 2, 1)


@given(nests(), st.integers(-3, 3).filter(bool))
def test_a_wrong_number_of_leaves_is_an_error(structure, difference):
    expected = len(nested.flatten(structure))
    number = max(0, expected + difference)
    if number == expected:
        return
    message = f"Expected {expected} leaves .* got {number}"
    with pytest.raises(StructureError, match=message):
        nested.unflatten(structure, [0] * number)


def test_flatten_returns_a_tuple_of_leaves_and_nothing_for_empty_containers():
    assert nested.flatten(5) == (5,)
    assert nested.flatten([(1, 2), 3, {"foo": [4], "bar": {}}]) == (1, 2, 3, 4)
    assert nested.flatten({}) == ()
