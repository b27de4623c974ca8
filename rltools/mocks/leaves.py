"""The single values that nested spaces and their observations consist of."""

from collections.abc import Iterator
from typing import Any

import gymnasium as gym

Path = tuple[Any, ...]


def leaf_spaces(
    space: gym.Space[Any], path: Path = ()
) -> Iterator[tuple[Path, gym.Space[Any]]]:
    """All spaces in `Dict` and `Tuple` spaces that are neither, with their paths.

    >>> from gymnasium.spaces import Dict, Discrete, Tuple
    >>> space = Dict(a=Discrete(2), b=Tuple([Discrete(3)]))
    >>> [(path, int(leaf.n)) for path, leaf in leaf_spaces(space)]
    [(('a',), 2), (('b', 0), 3)]
    """
    if isinstance(space, gym.spaces.Dict):
        for key, part in space.spaces.items():
            yield from leaf_spaces(part, (*path, key))
    elif isinstance(space, gym.spaces.Tuple):
        for index, part in enumerate(space.spaces):
            yield from leaf_spaces(part, (*path, index))
    else:
        yield path, space


def value_at(observ: Any, path: Path) -> Any:
    """The value at a path."""
    for key in path:
        observ = observ[key]
    return observ


def with_value_at(observ: Any, path: Path, value: Any) -> Any:
    """A copy of the containers on the way to a path, with another value there.

    >>> with_value_at({"a": 1, "b": (2, 3)}, ("b", 0), 5)
    {'a': 1, 'b': (5, 3)}
    """
    if not path:
        return value
    key, *rest = path
    changed = with_value_at(observ[key], tuple(rest), value)
    if isinstance(observ, tuple):
        return (*observ[:key], changed, *observ[key + 1 :])
    return {**observ, key: changed}
