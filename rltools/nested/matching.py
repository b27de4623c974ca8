"""Brings the leaves of several structures together, and says where they differ."""

from collections.abc import Mapping
from typing import Any

from rltools.errors import StructureError
from rltools.nested.structure import KeyOrder, field_names, is_leaf


class _DifferenceError(Exception):
    """Two structures differ; raised without a path, which is found afterwards."""


def matching_leaves(
    structures: tuple[Any, ...], order: KeyOrder
) -> list[tuple[Any, ...]]:
    """Collect the corresponding leaves of structures of the same shape.

    Args:
        structures: At least one structure.
        order: The order in which the values of a mapping are visited.

    Returns:
        For each leaf of the first structure, a tuple of that leaf and those that
        correspond to it.

    Raises:
        StructureError: The structures differ; names the first difference.

    >>> matching_leaves(({"a": 1, "b": [2]}, {"b": (4,), "a": 3}), sorted)
    [(1, 3), (2, 4)]
    """
    rows: list[tuple[Any, ...]] = []
    try:
        _collect(structures, order, rows)
    except _DifferenceError:
        raise StructureError(_explain(structures)) from None
    return rows


def require_match(structures: tuple[Any, ...]) -> None:
    """Check that structures have the same shape.

    Args:
        structures: At least one structure.

    Raises:
        StructureError: The structures differ; names the first difference.
    """
    matching_leaves(structures, iter)


def _collect(
    structures: tuple[Any, ...], order: KeyOrder, rows: list[tuple[Any, ...]]
) -> None:
    first, *others = structures
    if not all(_same_node(first, other) for other in others):
        raise _DifferenceError
    if is_leaf(first):
        rows.append(structures)
    elif isinstance(first, Mapping):
        for key in order(first):
            _collect(tuple([each[key] for each in structures]), order, rows)
    else:
        for row in zip(*structures, strict=True):
            _collect(row, order, rows)


def _same_node(first: Any, other: Any) -> bool:
    if is_leaf(first) or is_leaf(other):
        return is_leaf(first) and is_leaf(other)
    if isinstance(first, Mapping) or isinstance(other, Mapping):
        both = isinstance(first, Mapping) and isinstance(other, Mapping)
        return both and first.keys() == other.keys()
    fields, other_fields = field_names(first), field_names(other)
    if fields is not None and other_fields is not None:
        return fields == other_fields
    return len(first) == len(other)


def _explain(structures: tuple[Any, ...]) -> str:
    for index, other in enumerate(structures[1:], start=1):
        if difference := _find_difference(structures[0], other, path=""):
            path, expected, got = difference
            return (
                f"Structure {index} differs from structure 0 at {path or 'the root'}: "
                f"expected {expected}, got {got}."
            )
    raise AssertionError("Called for structures that do not differ.")


def _find_difference(first: Any, other: Any, path: str) -> tuple[str, str, str] | None:
    if not _same_node(first, other):
        return path, _describe(first), _describe(other) + _key_difference(first, other)
    if is_leaf(first):
        return None
    if isinstance(first, Mapping):
        places = [(f"{path}[{key!r}]", first[key], other[key]) for key in first]
    else:
        names = field_names(first)
        places = [
            (f"{path}.{names[index]}" if names else f"{path}[{index}]", *pair)
            for index, pair in enumerate(zip(first, other, strict=True))
        ]
    for place, part, other_part in places:
        if difference := _find_difference(part, other_part, place):
            return difference
    return None


def _describe(node: Any) -> str:
    name = type(node).__qualname__
    if is_leaf(node):
        return f"a leaf ({name})"
    if isinstance(node, Mapping):
        return f"a {name} with the keys {list(node)}"
    if (fields := field_names(node)) is not None:
        return f"a {name} with the fields {list(fields)}"
    return f"a {name} of length {len(node)}"


def _key_difference(first: Any, other: Any) -> str:
    if not (isinstance(first, Mapping) and isinstance(other, Mapping)):
        return ""
    missing = [key for key in first if key not in other]
    extra = [key for key in other if key not in first]
    return f" (missing: {missing}, extra: {extra})"
