"""Elements of spaces."""

from typing import Any

import numpy as np
from gymnasium import spaces
from gymnasium.vector.utils import batch_space
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from rltools.errors import InvalidSpaceError
from rltools.strategies.bounded_array import bounded_arrays
from rltools.strategies.options import expectation, require_integer


def elements(space: spaces.Space, *, max_size: int = 3) -> SearchStrategy[Any]:
    """Draw an element of a space.

    Everything is drawn through Hypothesis, never with `space.sample`: examples shrink,
    can be replayed, and include the bounds of a space and very large values.

    Args:
        space: Any Gymnasium space, nested or not. Subclasses are treated like the kind
            of space they derive from.
        max_size: Largest length of the elements of `Sequence` spaces, and largest
            number of nodes and edges of `Graph` spaces.

    Returns:
        A strategy for elements that `space.contains` accepts, with the shape and dtype
        that `space.sample` would return. Floats are always finite.

    Raises:
        InvalidSpaceError: Not a space, or not one that derives from a known kind.
        InvalidOptionError: `max_size` is not a positive integer.

    >>> from gymnasium.spaces import Dict, Discrete, Text
    >>> elements(Dict(a=Discrete(3), b=Text(5))).validate()
    """
    require_integer("max_size", max_size, minimum=1)
    return _elements(space, max_size)


def _elements(space: Any, max_size: int) -> SearchStrategy[Any]:
    match space:
        case spaces.Box():
            return bounded_arrays(space.low, space.high)
        case spaces.MultiDiscrete():
            return bounded_arrays(space.start, space.start + (space.nvec - 1))
        case spaces.MultiBinary():
            low = np.zeros(space.shape, space.dtype)
            return bounded_arrays(low, low + 1)
        case spaces.Discrete():
            first, last = int(space.start), int(space.start) + int(space.n) - 1
            return st.integers(first, last).map(np.dtype(space.dtype).type)
        case spaces.Text():
            sizes = {"min_size": space.min_length, "max_size": space.max_length}
            return st.text(sorted(space.character_set), **sizes)
        case spaces.Dict():
            parts = space.spaces.items()
            return st.fixed_dictionaries(
                {key: _elements(part, max_size) for key, part in parts}
            )
        case spaces.Tuple():
            return st.tuples(*[_elements(part, max_size) for part in space.spaces])
        case spaces.OneOf():
            return st.one_of(
                [
                    st.tuples(st.just(np.int64(index)), _elements(part, max_size))
                    for index, part in enumerate(space.spaces)
                ]
            )
        case spaces.Sequence():
            return _sequences(space, max_size)
        case spaces.Graph():
            return _graphs(space, max_size)
    raise InvalidSpaceError(
        expectation("a space of a kind that Gymnasium defines", "space", space)
    )


def _sequences(space: spaces.Sequence, max_size: int) -> SearchStrategy[Any]:
    feature = space.feature_space
    if space.stack:
        return _batches(feature, st.integers(1, max_size), max_size)
    return st.lists(_elements(feature, max_size), max_size=max_size).map(tuple)


@st.composite
def _graphs(draw: DrawFn, space: spaces.Graph, max_size: int) -> spaces.GraphInstance:
    nodes = draw(st.integers(1, max_size))
    edges = draw(st.integers(0, max_size)) if space.edge_space is not None else 0
    node_values = draw(_batches(space.node_space, st.just(nodes), max_size))
    if space.edge_space is None or edges == 0:
        return spaces.GraphInstance(node_values, None, None)
    edge_values = draw(_batches(space.edge_space, st.just(edges), max_size))
    low = np.zeros((edges, 2), np.int32)
    links = draw(bounded_arrays(low, low + np.int32(nodes - 1)))
    return spaces.GraphInstance(node_values, edge_values, links)


def _batches(
    space: spaces.Space, sizes: SearchStrategy[int], max_size: int
) -> SearchStrategy[Any]:
    return sizes.flatmap(lambda size: _elements(batch_space(space, size), max_size))
