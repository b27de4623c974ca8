"""Brings the leaves of several structures together, and says where they differ."""

from typing import Any

from rltools.errors import StructureError
from rltools.nested.structure import (
    LEAF_TYPES,
    KeyOrder,
    field_names,
    is_leaf,
    is_mapping,
)


class _DifferenceError(Exception):
    """Two structures differ; raised without a path, which is found afterwards."""


def aligned_leaves(
    first: Any, others: tuple[Any, ...], order: KeyOrder
) -> list[list[Any]]:
    """Collect the leaves of structures in the order of another one of the same shape.

    Args:
        first: The structure that gives the shape and the order.
        others: Structures of the same shape.
        order: The order in which the values of a mapping are visited.

    Returns:
        For each of the others, a list of its leaves.

    Raises:
        StructureError: The structures differ; names the first difference.

    >>> aligned_leaves({"b": 1, "a": [2]}, ({"a": (4,), "b": 3},), iter)
    [[3, 4]]
    """
    if type(first) in LEAF_TYPES and all(type(each) in LEAF_TYPES for each in others):
        return [[each] for each in others]
    columns: list[list[Any]] = []
    try:
        for other in others:
            columns.append([])
            _align(first, other, order, columns[-1])
    except _DifferenceError:
        raise StructureError(_explain(first, others)) from None
    return columns


def _align(first: Any, other: Any, order: KeyOrder, leaves: list[Any]) -> None:
    # The built-in containers come first and are spelled out, with known leaves handled
    # without another call: twice as fast as the general case below, which covers them.
    kind = type(first)
    if kind is dict and type(other) is dict:
        if first.keys() != other.keys():
            raise _DifferenceError
        for key in order(first):
            item, partner = first[key], other[key]
            if type(item) in LEAF_TYPES and type(partner) in LEAF_TYPES:
                leaves.append(partner)
            else:
                _align(item, partner, order, leaves)
    elif (kind is list or kind is tuple) and kind is type(other):
        if len(first) != len(other):
            raise _DifferenceError
        for item, partner in zip(first, other, strict=True):
            if type(item) in LEAF_TYPES and type(partner) in LEAF_TYPES:
                leaves.append(partner)
            else:
                _align(item, partner, order, leaves)
    elif not _same_node(first, other):
        raise _DifferenceError
    elif is_leaf(first):
        leaves.append(other)
    elif is_mapping(first):
        for key in order(first):
            _align(first[key], other[key], order, leaves)
    else:
        for item, partner in zip(first, other, strict=True):
            _align(item, partner, order, leaves)


def _same_node(first: Any, other: Any) -> bool:
    if is_leaf(first) or is_leaf(other):
        return is_leaf(first) and is_leaf(other)
    if is_mapping(first) or is_mapping(other):
        both = is_mapping(first) and is_mapping(other)
        return both and first.keys() == other.keys()
    fields, other_fields = field_names(first), field_names(other)
    if fields is not None and other_fields is not None:
        return fields == other_fields
    return len(first) == len(other)


def _explain(first: Any, others: tuple[Any, ...]) -> str:
    for index, other in enumerate(others, start=1):
        if difference := _find_difference(first, other, path=""):
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
    if is_mapping(first):
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
        return f"leaf of type {name}"
    if is_mapping(node):
        return f"{name} with keys {list(node)}"
    if (fields := field_names(node)) is not None:
        return f"{name} with fields {list(fields)}"
    return f"{name} of length {len(node)}"


def _key_difference(first: Any, other: Any) -> str:
    if any(is_leaf(node) or not is_mapping(node) for node in (first, other)):
        return ""
    missing = [key for key in first if key not in other]
    extra = [key for key in other if key not in first]
    return f" (missing: {missing}, extra: {extra})"
