"""Take a structure apart into its leaves and put one together from leaves."""

from collections.abc import Iterable
from typing import Any

from rltools.errors import StructureError
from rltools.nested.matching import aligned_leaves
from rltools.nested.structure import LEAF_TYPES, refill, sorted_keys


def flatten(structure: Any, /) -> tuple[Any, ...]:
    """Collect the leaves of a structure.

    Args:
        structure: Any structure, or a leaf.

    Returns:
        The leaves, depth first, the values of mappings in the order of their sorted
        keys: equal structures give equal tuples.

    >>> from rltools import nested
    >>> nested.flatten([(1, 2), 3, {"b": [4], "a": 5}])
    (1, 2, 3, 5, 4)
    >>> nested.flatten("leaf"), nested.flatten([{}, ()])
    (('leaf',), ())
    """
    if type(structure) in LEAF_TYPES:  # What many structures are, to be done fast.
        return (structure,)
    (leaves,) = aligned_leaves(structure, (structure,), sorted_keys)
    return tuple(leaves)


def unflatten(structure: Any, leaves: Iterable[Any], /) -> Any:
    """Put leaves, as returned by `flatten`, into a structure.

    Args:
        structure: Gives the result its shape, types and order of keys. Its own leaves
            do not matter.
        leaves: As many as the structure has, in the order of `flatten`.

    Returns:
        A structure like the given one with the given leaves.

    Raises:
        StructureError: There are too few or too many leaves.

    >>> from rltools import nested
    >>> nested.unflatten({"b": [None], "a": None}, [1, 2])
    {'b': [2], 'a': 1}
    >>> nested.unflatten({"b": [None], "a": None}, [1])
    Traceback (most recent call last):
    ...
    rltools.errors.StructureError: Expected 2 leaves to fill the structure, got 1.
    """
    leaves = tuple(leaves)
    if len(leaves) == 1 and type(structure) in LEAF_TYPES:
        return leaves[0]
    expected = len(flatten(structure))
    if len(leaves) != expected:
        raise StructureError(
            f"Expected {expected} leaves to fill the structure, got {len(leaves)}."
        )
    return refill(structure, iter(leaves), sorted_keys)
