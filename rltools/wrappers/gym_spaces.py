"""Spaces of the old `gym` package, and their values, as those of Gymnasium.

Classes are told apart by their names, so that nothing here imports `gym`.
"""

import collections
import sys
from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces

from rltools.errors import InvalidSpaceError
from rltools.space_checks import describe

_KINDS = {
    "Box",
    "Dict",
    "Discrete",
    "Graph",
    "MultiBinary",
    "MultiDiscrete",
    "Sequence",
    "Text",
    "Tuple",
}


def convert_space(space: Any, path: str) -> gymnasium.Space[Any]:
    """Convert a space of `gym` to the Gymnasium space of the same values.

    Args:
        space: A space of `gym` 0.21 to 0.26, or of Gymnasium, which is returned as is.
        path: What to call the space in errors, such as `"action_space"`.

    Returns:
        The Gymnasium space, with a random generator of its own.

    Raises:
        InvalidSpaceError: Its type is none of those that come with `gym`.
    """
    if isinstance(space, gymnasium.Space):
        return space
    match _kind(space):
        case "Box":
            return spaces.Box(space.low, space.high, space.shape, space.dtype.type)
        case "Discrete":
            # Without `start` before gym 0.22.
            return spaces.Discrete(int(space.n), start=int(getattr(space, "start", 0)))
        case "MultiDiscrete":
            return spaces.MultiDiscrete(np.asarray(space.nvec), space.dtype.type)
        case "MultiBinary":
            return spaces.MultiBinary(space.n)
        case "Text":
            return spaces.Text(
                space.max_length, min_length=space.min_length, charset=space.characters
            )
        case "Dict":
            # Ordered, because keys of other mappings are sorted.
            parts = collections.OrderedDict(space.spaces)
            for key, part in parts.items():
                parts[key] = convert_space(part, f"{path}[{key!r}]")
            return spaces.Dict(parts)
        case "Tuple":
            return spaces.Tuple(
                [convert_space(p, f"{path}[{i}]") for i, p in enumerate(space.spaces)]
            )
        case "Sequence":
            feature = convert_space(space.feature_space, f"{path}.feature_space")
            return spaces.Sequence(feature)
        case "Graph":
            edge = space.edge_space
            if edge is not None:
                edge = convert_space(edge, f"{path}.edge_space")
            return spaces.Graph(
                convert_space(space.node_space, f"{path}.node_space"), edge
            )
    raise InvalidSpaceError(
        f"{path}: expected a space of gym or Gymnasium, got {describe(space)}."
    )


def has_graph(space: gymnasium.Space[Any]) -> bool:
    """Tell whether values of a space contain graphs.

    Graphs are the only values whose class differs between the two packages.

    Args:
        space: A Gymnasium space.

    Returns:
        Whether its values have to go through `convert_value`.
    """
    if isinstance(space, spaces.Dict):
        return any(map(has_graph, space.spaces.values()))
    if isinstance(space, spaces.Tuple):
        return any(map(has_graph, space.spaces))
    if isinstance(space, spaces.Sequence):
        return has_graph(space.feature_space)
    return isinstance(space, spaces.Graph)


def convert_value(target: Any, value: Any) -> Any:
    """Convert the graphs in a value to the class that a space expects.

    Args:
        target: The space to convert to, of either package.
        value: An element of the corresponding space of the other package.

    Returns:
        The value as an element of `target`; parts without graphs are the same objects.
    """
    kind = _kind(target)
    if kind == "Dict":
        parts = target.spaces
        return {key: convert_value(parts[key], part) for key, part in value.items()}
    if kind == "Tuple":
        return tuple(map(convert_value, target.spaces, value))
    if kind == "Sequence":
        return tuple(convert_value(target.feature_space, item) for item in value)
    if kind == "Graph":
        package = sys.modules[_space_class(target).__module__]
        return package.GraphInstance(*value)
    return value


def _space_class(space: Any) -> type:
    # The base class that comes with the package, where a space is of a subclass.
    for base in type(space).__mro__:
        package = base.__module__.split(".")[0]
        if package in ("gym", "gymnasium") and base.__name__ in _KINDS:
            return base
    return object


def _kind(space: Any) -> str:
    return _space_class(space).__name__
