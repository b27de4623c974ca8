"""Agreement with three independent implementations, where the semantics are the same.

They differ from this library, and the structures drawn here avoid it, in this:
- optree takes `None` for an empty container unless told otherwise, keeps the insertion
  order of an `OrderedDict`, and takes subclasses of `dict`, such as `AttrDict`, for
  leaves.
- dm-tree and tf.nest want the same container types in all structures, and can't sort
  keys of different types.
- All three call the function in the order of sorted keys; here only flat results have
  this order, and calls follow the stored one.
"""

from collections import OrderedDict

import optree
import pytest
import tensorflow as tf
import tree
from hypothesis import given
from hypothesis import strategies as st

from rltools import nested
from rltools.errors import StructureError
from rltools.strategies import nests, same_structure
from rltools.strategies.nest import Pair

LEAVES = st.integers() | st.none() | st.text(max_size=2)
COMMON = [list, tuple, dict, Pair]
SORTING = [*COMMON, OrderedDict]


def row_of(*leaves):
    return frozenset(enumerate(leaves))


@given(same_structure(3, LEAVES, containers=COMMON))
def test_map_equals_optree(structures):
    expected = optree.tree_map(row_of, *structures, none_is_leaf=True)
    assert repr(nested.map(row_of, *structures)) == repr(expected)


@given(nests(LEAVES, containers=COMMON))
def test_flatten_and_unflatten_equal_optree(structure):
    leaves, definition = optree.tree_flatten(structure, none_is_leaf=True)
    assert nested.flatten(structure) == tuple(leaves)
    numbers = list(range(len(leaves)))
    expected = optree.tree_unflatten(definition, numbers)
    assert nested.unflatten(structure, numbers) == expected


@given(same_structure(3, LEAVES, containers=SORTING))
def test_map_equals_dm_tree(structures):
    expected = tree.map_structure(row_of, *structures)
    assert repr(nested.map(row_of, *structures)) == repr(expected)


@given(nests(LEAVES, containers=SORTING))
def test_flatten_and_unflatten_equal_dm_tree(structure):
    leaves = tree.flatten(structure)
    assert nested.flatten(structure) == tuple(leaves)
    numbers = list(range(len(leaves)))
    expected = tree.unflatten_as(structure, numbers)
    assert nested.unflatten(structure, numbers) == expected


@given(same_structure(3, LEAVES, containers=SORTING))
def test_map_equals_tf_nest(structures):
    expected = tf.nest.map_structure(row_of, *structures)
    assert repr(nested.map(row_of, *structures)) == repr(expected)


@given(nests(LEAVES, containers=SORTING))
def test_flatten_and_unflatten_equal_tf_nest(structure):
    leaves = tf.nest.flatten(structure)
    assert nested.flatten(structure) == tuple(leaves)
    numbers = list(range(len(leaves)))
    expected = tf.nest.pack_sequence_as(structure, numbers)
    assert nested.unflatten(structure, numbers) == expected


FEW = nests(containers=[list, dict], max_leaves=3)


@given(same_structure(2, containers=[list, dict]) | st.tuples(FEW, FEW))
def test_structures_match_exactly_where_they_do_for_optree(pair):
    """Law: an error here is a difference there, for lists and dictionaries."""
    first, other = pair
    if optree.tree_structure(first) == optree.tree_structure(other):
        nested.zip(first, other)
    else:
        with pytest.raises(StructureError):
            nested.zip(first, other)


def test_containers_wrapped_by_a_tf_module_are_structure():
    """A `tf.Module` replaces its containers by proxies; they are seen through."""
    module = tf.Module()
    module.parts = {"a": [tf.constant(1), tf.constant(2)], "b": (tf.constant(3),)}
    doubled = nested.map(lambda x: 2 * int(x), module.parts)
    assert doubled == {"a": [2, 4], "b": (6,)}
    assert type(doubled) is dict
    assert len(nested.flatten(module.parts)) == 3
