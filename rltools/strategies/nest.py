"""Nested structures, alone or several of the same shape."""

from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from rltools.attr_dict import AttrDict
from rltools.errors import InvalidOptionError
from rltools.strategies.options import (
    expectation,
    require_integer,
    require_strategy,
)


class Pair(NamedTuple):
    """The namedtuple that drawn nests contain by default."""

    first: Any
    second: Any


CONTAINERS: tuple[type, ...] = (list, tuple, dict, OrderedDict, AttrDict, Pair)
_KEYS = st.text("abcxyz", min_size=1, max_size=3)


def nests(
    leaves: SearchStrategy[Any] | None = None,
    *,
    containers: Collection[type] = CONTAINERS,
    keys: SearchStrategy[Any] = _KEYS,
    max_leaves: int = 8,
) -> SearchStrategy[Any]:
    """Draw a nested structure, which may be a bare leaf or an empty container.

    Args:
        leaves: Strategy for the leaves, which must not be containers themselves;
            integers by default.
        containers: The container types to use: lists, tuples, namedtuples or mappings,
            built in or derived, that can be made from a list or dict.
        keys: Strategy for the keys of mappings.
        max_leaves: About the largest number of leaves.

    Returns:
        A strategy. It shrinks towards a single leaf and the first containers.

    Raises:
        InvalidOptionError: An argument is of the wrong type or out of its range.

    >>> from hypothesis import strategies as st
    >>> nests(st.booleans(), containers=[list]).validate()
    """
    return same_structure(
        1, leaves, containers=containers, keys=keys, max_leaves=max_leaves
    ).map(lambda drawn: drawn[0])


def same_structure(
    n: int,
    leaves: SearchStrategy[Any] | None = None,
    *,
    containers: Collection[type] = CONTAINERS,
    keys: SearchStrategy[Any] = _KEYS,
    max_leaves: int = 8,
) -> SearchStrategy[tuple[Any, ...]]:
    """Draw several nested structures that differ in nothing but their leaves.

    Args:
        n: How many.
        leaves: As for `nests`.
        containers: As for `nests`.
        keys: As for `nests`.
        max_leaves: About the largest number of leaves in each.

    Returns:
        A strategy for a tuple of `n` structures with the same container types, lengths
        and keys. They share no container.

    Raises:
        InvalidOptionError: An argument is of the wrong type or out of its range.

    >>> same_structure(3, max_leaves=4).validate()
    """
    leaves = st.integers() if leaves is None else leaves
    require_integer("n", n, minimum=1)
    require_strategy("leaves", leaves)
    require_strategy("keys", keys)
    require_integer("max_leaves", max_leaves, minimum=1)
    _require_containers(containers)
    plans = st.recursive(
        st.just(_LEAF),
        lambda children: st.sampled_from(list(containers)).flatmap(
            lambda kind: _container_plans(kind, keys, children)
        ),
        max_leaves=max_leaves,
    )
    return _filled(n, leaves, plans)


@dataclass(frozen=True)
class _Plan:
    """The shape of a nest; built afresh for every structure that is to have it."""

    kind: type | None  # None is a leaf.
    keys: tuple[Any, ...] | None = None  # Only of mappings.
    children: tuple["_Plan", ...] = ()

    def build(self, make_leaf: Callable[[], Any]) -> Any:
        if self.kind is None:
            return make_leaf()
        parts = [child.build(make_leaf) for child in self.children]
        if self.keys is not None:
            return self.kind(dict(zip(self.keys, parts, strict=True)))
        if hasattr(self.kind, "_fields"):
            return self.kind(*parts)
        return self.kind(parts)


_LEAF = _Plan(kind=None)


@st.composite
def _filled(
    draw: DrawFn,
    n: int,
    leaves: SearchStrategy[Any],
    plans: SearchStrategy[_Plan],
) -> tuple[Any, ...]:
    plan = draw(plans)
    return tuple([plan.build(lambda: draw(leaves)) for _ in range(n)])


def _container_plans(
    kind: type, keys: SearchStrategy[Any], children: SearchStrategy[_Plan]
) -> SearchStrategy[_Plan]:
    if issubclass(kind, Mapping):
        return st.dictionaries(keys, children, max_size=3).map(
            lambda items: _Plan(kind, tuple(items), tuple(items.values()))
        )
    fields = getattr(kind, "_fields", None)
    parts: SearchStrategy[Any]
    if fields is not None:
        parts = st.tuples(*[children] * len(fields))
    else:
        parts = st.lists(children, max_size=3)
    return parts.map(lambda items: _Plan(kind, None, tuple(items)))


def _require_containers(containers: Any) -> None:
    is_valid = isinstance(containers, Collection) and len(containers) > 0
    if not is_valid or not all(
        isinstance(kind, type) and issubclass(kind, list | tuple | Mapping)
        for kind in containers
    ):
        raise InvalidOptionError(
            expectation(
                "one or more list, tuple or mapping types", "containers", containers
            )
        )
