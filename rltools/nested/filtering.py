"""Keep the leaves of structures that satisfy a predicate."""

from collections.abc import Callable
from typing import Any

from rltools.nested.matching import aligned_leaves
from rltools.nested.structure import (
    field_names,
    is_leaf,
    is_mapping,
    rebuild,
    sorted_keys,
)

_DROPPED = object()


def filter_(
    predicate: Callable[..., Any],
    structure: Any,
    /,
    *structures: Any,
    flatten: bool = False,
) -> Any:
    """Keep the leaves for which a predicate is true.

    Containers that are or become empty are removed along with the leaves, except for
    the outermost one. A namedtuple can't lose a field: the field becomes `None`, and
    a field that is `None` counts as already removed, without asking the predicate. This
    makes filtering a second time with the same predicate change nothing.

    Args:
        predicate: Called with one leaf of each structure.
        structure: The structure that gives the result its types.
        *structures: Others of the same shape.
        flatten: Return a flat tuple of what is kept, in the order of
            `rltools.nested.flatten`.

    Returns:
        What is left of the first structure. Given several structures, its leaves are
        tuples of corresponding leaves, as from `rltools.nested.zip`. Where a single
        leaf is given and removed, an empty tuple.

    Raises:
        StructureError: The structures do not match; names the path of the difference.

    >>> from rltools import nested
    >>> nested.filter(lambda x: x % 2 == 0, [(1, 2), 3, {"a": [4], "b": [5]}])
    [(2,), {'a': [4]}]
    >>> nested.filter(lambda x, y: x < y, {"a": 1, "b": 2}, {"a": 3, "b": 0})
    {'a': (1, 3)}
    >>> nested.filter(bool, [0, {"b": 2, "a": 1}], flatten=True)
    (1, 2)
    """
    everything = (structure, *structures)
    aligned_leaves(structure, structures, iter)  # Raises before any call.
    kept: list[Any] = []
    result = _filter(predicate, everything, kept)
    if flatten:
        return tuple(kept)
    if result is not _DROPPED:
        return result
    return () if is_leaf(structure) else _emptied(structure)


def _filter(
    predicate: Callable[..., Any], structures: tuple[Any, ...], kept: list[Any]
) -> Any:
    first = structures[0]
    if is_leaf(first):
        if not predicate(*structures):
            return _DROPPED
        kept.append(structures if len(structures) > 1 else first)
        return kept[-1]
    if is_mapping(first):
        found = {
            key: _filter(predicate, tuple([each[key] for each in structures]), kept)
            for key in sorted_keys(first)
        }
        pairs = {key: found[key] for key in first if found[key] is not _DROPPED}
        return rebuild(first, pairs) if pairs else _DROPPED
    rows = zip(*structures, strict=True)
    if field_names(first) is not None:
        return _filter_fields(predicate, first, list(rows), kept)
    items = [_filter(predicate, row, kept) for row in rows]
    items = [item for item in items if item is not _DROPPED]
    return rebuild(first, items) if items else _DROPPED


def _filter_fields(
    predicate: Callable[..., Any],
    first: Any,
    rows: list[tuple[Any, ...]],
    kept: list[Any],
) -> Any:
    fields = [
        _DROPPED if _is_absent(row) else _filter(predicate, row, kept) for row in rows
    ]
    if all(field is _DROPPED for field in fields):
        return _DROPPED
    return rebuild(first, [None if field is _DROPPED else field for field in fields])


def _is_absent(row: tuple[Any, ...]) -> bool:
    return all(item is None for item in row)


def _emptied(container: Any) -> Any:
    if is_mapping(container):
        return rebuild(container, {})
    return rebuild(container, [None] * len(field_names(container) or ()))
