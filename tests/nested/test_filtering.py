"""filter: idempotent, keeps what satisfies the predicate and nothing else."""

from collections import OrderedDict
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rltools import AttrDict, nested
from rltools.errors import StructureError
from rltools.strategies import nests, same_structure
from rltools.strategies.nest import CONTAINERS, Pair

LEAVES = st.integers(-3, 3)
PREDICATES = st.sampled_from(
    [
        lambda x: x > 0,
        lambda x: x % 2 == 0,
        lambda x: abs(x) == 2,
        lambda x: True,
        lambda x: False,
    ]
)
WITHOUT_FIELDS = [kind for kind in CONTAINERS if kind is not Pair]


class Point(NamedTuple):
    x: Any
    y: Any


def containers(structure):
    """All containers of a structure except for the outermost one."""
    if not isinstance(structure, dict | list | tuple):
        return []
    items = structure.values() if isinstance(structure, dict) else structure
    inner = [item for item in items if isinstance(item, dict | list | tuple)]
    return inner + [each for item in inner for each in containers(item)]


@given(nests(LEAVES), PREDICATES)
def test_filter_is_idempotent(structure, predicate):
    """Law: filter(p, filter(p, s)) == filter(p, s)."""
    once = nested.filter(predicate, structure)
    twice = nested.filter(predicate, once)
    assert twice == once
    assert repr(twice) == repr(once)


@given(nests(LEAVES), PREDICATES)
def test_flat_filter_is_filter_of_the_flat_leaves(structure, predicate):
    """Law: filter(p, s, flatten=True) == tuple(filter(p, flatten(s)))."""
    expected = tuple(filter(predicate, nested.flatten(structure)))
    assert nested.filter(predicate, structure, flatten=True) == expected


@given(nests(LEAVES, containers=WITHOUT_FIELDS), PREDICATES)
def test_the_leaves_of_the_result_are_those_that_were_kept(structure, predicate):
    """Law: flatten(filter(p, s)) == filter(p, s, flatten=True)."""
    kept = nested.filter(predicate, structure, flatten=True)
    assert nested.flatten(nested.filter(predicate, structure)) == kept


@given(nests(LEAVES), PREDICATES)
def test_no_container_of_the_result_is_empty(structure, predicate):
    for container in containers(nested.filter(predicate, structure)):
        assert len(container) > 0
        assert not isinstance(container, Pair) or any(x is not None for x in container)


@given(same_structure(2, LEAVES), PREDICATES)
def test_filter_of_several_keeps_zipped_leaves(pair, predicate):
    """Law: filter(p, a, b) of a row equals keeping that row of zip(a, b)."""

    def both(a, b):
        return predicate(a + b)

    expected = tuple(row for row in nested.zip(*pair, flatten=True) if both(*row))
    assert nested.filter(both, *pair, flatten=True) == expected


def test_several_structures():
    a = {"a": 1, "b": [2, 3], "c": [4]}
    b = {"a": 5, "c": [1], "b": [6, 0]}
    assert nested.filter(lambda x, y: x < y, a, b) == {"a": (1, 5), "b": [(2, 6)]}


def test_types_and_order_of_keys_are_kept():
    structure = OrderedDict(b=AttrDict(x=1, y=-1), a=(2, -2), c=[-1])
    result = nested.filter(lambda x: x > 0, structure)
    assert repr(result) == repr(OrderedDict(b=AttrDict(x=1), a=(2,)))


def test_emptied_containers_are_removed_except_for_the_outermost():
    structure = [(1, 2, 3), 4, {"foo": [5, 6], "bar": 7}]
    assert nested.filter(lambda x: False, structure) == []
    assert nested.filter(lambda x: False, {"a": [1]}) == {}
    assert nested.filter(lambda x: True, [[], {"a": ()}, 1]) == [1]


def test_a_removed_leaf_leaves_an_empty_tuple():
    assert nested.filter(lambda x: False, 1) == ()
    assert nested.filter(lambda x: True, 1) == 1
    assert nested.filter(lambda x: False, 1, flatten=True) == ()


def test_a_field_of_a_namedtuple_becomes_none_and_stays_so():
    def positive(x):
        return x > 0  # Can't compare None: the predicate must not be asked about it.

    once = nested.filter(positive, [Point(1, -1), Point(-1, [2, -2])])
    assert once == [Point(1, None), Point(None, [2])]
    assert nested.filter(positive, once) == once
    assert nested.filter(positive, once, flatten=True) == (1, 2)


def test_a_namedtuple_without_fields_left_is_removed_unless_outermost():
    assert nested.filter(lambda x: False, [Point(1, 2)]) == []
    assert nested.filter(lambda x: False, Point(1, 2)) == Point(None, None)


def test_the_predicate_is_not_asked_before_all_structures_match():
    calls = []
    with pytest.raises(StructureError, match=r"at \[1\]"):
        nested.filter(lambda *row: calls.append(row), [1, 2], [1, [2]])
    assert calls == []
