"""What a structure is made of, and how one is put together again."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from rltools.errors import StructureError

KeyOrder = Callable[[Mapping[Any, Any]], Iterable[Any]]

# The types that are known to be leaves. Asking this set is much faster than asking
# whether something is an instance of an abstract base class. Bounded, because it keeps
# the types alive, and a program can make any number of them.
LEAF_TYPES: set[type] = {bool, bytes, complex, float, int, str, type(None)}
_MAX_LEAF_TYPES = 512

_SEQUENCES = (list, tuple)
_CONTAINERS = (*_SEQUENCES, dict, Mapping)  # A dict is faster to tell than a mapping.


def is_leaf(value: Any) -> bool:
    """Say whether a value is a leaf: not a list, tuple or mapping.

    >>> is_leaf("text"), is_leaf(None), is_leaf({1, 2})
    (True, True, True)
    >>> is_leaf(()), is_leaf([1]), is_leaf({})
    (False, False, False)
    """
    kind = type(value)
    if kind in LEAF_TYPES:
        return True
    if isinstance(value, _CONTAINERS):
        return False
    # A proxy claims to be of another type, and the next one of its type may be a list.
    if value.__class__ is kind and len(LEAF_TYPES) < _MAX_LEAF_TYPES:
        LEAF_TYPES.add(kind)
    return True


def is_mapping(container: Any) -> bool:
    """Say whether something that is not a leaf is a mapping rather than a sequence.

    >>> is_mapping({}), is_mapping([])
    (True, False)
    """
    return not isinstance(container, _SEQUENCES)


def field_names(sequence: Any) -> tuple[str, ...] | None:
    """Return the field names of a namedtuple, and None for other values."""
    return getattr(sequence, "_fields", None) if isinstance(sequence, tuple) else None


def sorted_keys(mapping: Mapping[Any, Any]) -> list[Any]:
    """Return the keys of a mapping in an order that depends on the keys alone.

    Args:
        mapping: The mapping.

    Returns:
        The sorted keys. Keys that can't be compared are ordered by the name of their
        type and then by their `repr`.

    >>> sorted_keys({"b": 1, "a": 2}), sorted_keys({"x": 1, None: 2, 3: 3})
    (['a', 'b'], [None, 3, 'x'])
    """
    try:
        return sorted(mapping)
    except TypeError:
        return sorted(mapping, key=lambda key: (type(key).__qualname__, repr(key)))


def rebuild(template: Any, children: Any) -> Any:
    """Make a container of the same type as another one.

    Args:
        template: A list, tuple, namedtuple or mapping.
        children: For a mapping a dict, otherwise a list.

    Returns:
        A container with the children. Where the template is a proxy it has the type
        that the proxy stands for.

    Raises:
        StructureError: The type can't be made from those children.

    >>> from collections import OrderedDict
    >>> type(rebuild(OrderedDict(a=1), {"a": 2})).__name__
    'OrderedDict'
    """
    kind = template.__class__
    try:
        if kind is dict or kind is list:
            return children
        if kind is tuple:
            return tuple(children)
        if issubclass(kind, defaultdict):
            return kind(template.default_factory, children)
        if field_names(template) is not None:
            return kind._make(children)
        return kind(children)
    except Exception as error:  # Whatever the constructor of a foreign type raises.
        raise StructureError(
            f"Can't rebuild a {kind.__qualname__} from a {type(children).__name__} of "
            f"its new children: {type(error).__name__}: {error}"
        ) from error


def refill(template: Any, leaves: Iterator[Any], order: KeyOrder) -> Any:
    """Make a structure like another one with other leaves.

    Args:
        template: The structure to imitate.
        leaves: Gives at least as many leaves as the template has.
        order: The order in which the values of a mapping take their leaves.

    Returns:
        The new structure, with the types and the order of keys of the template.
    """
    if is_leaf(template):
        return next(leaves)
    if is_mapping(template):
        children = dict.fromkeys(template)
        for key in order(template):
            item = template[key]
            known_leaf = type(item) in LEAF_TYPES
            children[key] = next(leaves) if known_leaf else refill(item, leaves, order)
        return rebuild(template, children)
    items = []
    for item in template:
        known_leaf = type(item) in LEAF_TYPES
        items.append(next(leaves) if known_leaf else refill(item, leaves, order))
    return rebuild(template, items)
