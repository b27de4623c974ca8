"""Spaces as plain values, and plain values as spaces.

A space is a dict of its `"kind"`, the name of Gymnasium's class, and what it takes to
make an equal one: numbers, arrays and other such dicts.
"""

from collections import OrderedDict
from typing import Any

import numpy as np
from gymnasium import spaces

from rltools.errors import RecordingError

# What the constructors of spaces raise, and reading what is not there.
_NO_SPACE = (AssertionError, ValueError, TypeError, LookupError, AttributeError)


def space_to_value(space: Any, path: str) -> dict[str, Any]:
    """Describe a space so that an equal one can be made.

    Args:
        space: A space of one of Gymnasium's classes.
        path: What to call it in an error, such as `"action_space"`.

    Returns:
        A dict of plain values.

    Raises:
        RecordingError: It is not a space, or of a class of somebody else.
    """
    kind = type(space)
    value: dict[str, Any] = {"kind": kind.__name__}
    if kind is spaces.Box:
        bounded = {"below": space.bounded_below, "above": space.bounded_above}
        return value | {"low": space.low, "high": space.high, "bounded": bounded}
    if kind is spaces.Discrete:
        return value | {"n": space.n, "start": space.start}
    if kind is spaces.MultiDiscrete:
        return value | {"nvec": space.nvec, "start": space.start}
    if kind is spaces.MultiBinary:
        return value | {"n": space.n}
    if kind is spaces.Text:
        lengths = {"min_length": space.min_length, "max_length": space.max_length}
        return value | lengths | {"characters": "".join(space.character_list)}
    if kind is spaces.Dict:
        parts = {
            key: space_to_value(part, f"{path}[{key!r}]")
            for key, part in space.spaces.items()
        }
        # Gymnasium before 1.4 has no such attribute, and sorted them.
        return value | {"spaces": parts, "sort_keys": getattr(space, "sort_keys", True)}
    if kind in (spaces.Tuple, spaces.OneOf):
        items = enumerate(space.spaces)
        each = [space_to_value(part, f"{path}[{index}]") for index, part in items]
        return value | {"spaces": each}
    if kind is spaces.Sequence:
        feature = space_to_value(space.feature_space, f"{path}.feature_space")
        return value | {"feature_space": feature, "stack": space.stack}
    if kind is spaces.Graph:
        node = space_to_value(space.node_space, f"{path}.node_space")
        edge = space.edge_space
        if edge is not None:
            edge = space_to_value(edge, f"{path}.edge_space")
        return value | {"node_space": node, "edge_space": edge}
    raise RecordingError(
        f"{path}: can't record a {kind.__module__}.{kind.__qualname__}, expected one "
        "of Gymnasium's own spaces"
    )


def value_to_space(value: Any) -> spaces.Space[Any]:
    """Make a space.

    Args:
        value: What `space_to_value` has returned.

    Returns:
        A space that is equal to the one that it described, with a generator of its own.

    Raises:
        RecordingError: It describes no space.
    """
    try:
        return _make(value)
    except _NO_SPACE as error:
        raise RecordingError(
            f"{value!r:.80} is not a space ({type(error).__name__}: {error})"
        ) from error


def _make(value: dict[str, Any]) -> spaces.Space[Any]:
    match value["kind"]:
        case "Box":
            low, high, bounded = value["low"], value["high"], value["bounded"]
            box: Any = spaces.Box(low, high, low.shape, low.dtype)
            # Infinite bounds of an integer box are not told by its numbers.
            box.bounded_below = np.asarray(bounded["below"], bool).reshape(low.shape)
            box.bounded_above = np.asarray(bounded["above"], bool).reshape(low.shape)
            return box
        case "Discrete":
            n, start = value["n"], value["start"]
            return spaces.Discrete(n, start=start, dtype=n.dtype)
        case "MultiDiscrete":
            nvec, start = value["nvec"], value["start"]
            return spaces.MultiDiscrete(nvec, nvec.dtype, start=start)
        case "MultiBinary":
            return spaces.MultiBinary(value["n"])
        case "Text":
            lengths = {"min_length": value["min_length"]}
            characters = value["characters"]
            return spaces.Text(value["max_length"], **lengths, charset=characters)
        case "Dict":
            return _make_dict(value["spaces"], value["sort_keys"])
        case "Tuple":
            return spaces.Tuple([_make(part) for part in value["spaces"]])
        case "OneOf":
            return spaces.OneOf([_make(part) for part in value["spaces"]])
        case "Sequence":
            feature = _make(value["feature_space"])
            return spaces.Sequence(feature, stack=value["stack"])
        case "Graph":
            edge = value["edge_space"]
            edge = None if edge is None else _make(edge)
            return spaces.Graph(_make(value["node_space"]), edge)
    raise ValueError(f"there is no kind {value['kind']!r}")


def _make_dict(parts: dict[Any, Any], sort_keys: bool) -> spaces.Dict:
    ordered = OrderedDict((key, _make(part)) for key, part in parts.items())
    space: Any = spaces.Dict(ordered)
    if hasattr(space, "sort_keys"):
        space.sort_keys = sort_keys
    return space
