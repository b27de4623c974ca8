"""Gymnasium spaces of every kind."""

import string
from collections.abc import Collection
from typing import Any, Literal

import numpy as np
from gymnasium import spaces as gym_spaces
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from hypothesis.strategies import DrawFn, SearchStrategy

from rltools.errors import InvalidOptionError
from rltools.strategies.box import boxes
from rltools.strategies.options import expectation, require_integer

_Spaces = SearchStrategy[gym_spaces.Space]
_Shapes = SearchStrategy[tuple[int, ...]]
Kinds = Literal["all", "array_like"] | Collection[type[gym_spaces.Space]]

_ARRAYS: tuple[type, ...] = (
    *(gym_spaces.Discrete, gym_spaces.Box),
    *(gym_spaces.MultiBinary, gym_spaces.MultiDiscrete),
)
_NESTED: tuple[type, ...] = (
    *(gym_spaces.Tuple, gym_spaces.Dict, gym_spaces.OneOf, gym_spaces.Sequence),
)


def spaces(
    *,
    kinds: Kinds = "all",
    max_depth: int = 2,
    max_dims: int = 3,
    max_side: int = 3,
) -> SearchStrategy[gym_spaces.Space]:
    """Draw a space.

    Boxes have any dtype, one bound for all values or one for each, and may be unbounded
    on either side; `Discrete` and `MultiDiscrete` start anywhere. Bounds are moderate
    enough for `space.sample` to work.

    Args:
        kinds: `"all"`; `"array_like"` for `Box`, `Discrete`, `MultiDiscrete`,
            `MultiBinary` and any nesting of those in `Dict` and `Tuple`; or a
            collection of Gymnasium's space classes. The features of `Graph` and of
            stacked `Sequence` spaces are `Box` and `Discrete` in any case.
        max_depth: How many levels of nesting there are at most; 0 for none.
        max_dims: Largest number of dimensions of array spaces.
        max_side: Largest size of each dimension.

    Returns:
        A strategy for spaces. It shrinks towards a small space that is not nested.

    Raises:
        InvalidOptionError: An argument is of the wrong type or out of its range.

    >>> spaces(kinds="array_like", max_depth=1).validate()
    >>> spaces(kinds="boxes")
    Traceback (most recent call last):
    ...
    rltools.errors.InvalidOptionError: Expected 'all', 'array_like' or a collection of \
space classes but got kinds='boxes' (type=str)
    """
    require_integer("max_depth", max_depth, minimum=0)
    require_integer("max_dims", max_dims, minimum=1)
    require_integer("max_side", max_side, minimum=1)
    chosen = _choose_kinds(kinds)
    shapes = npst.array_shapes(min_dims=0, max_dims=max_dims, max_side=max_side)
    leaves = [each for kind, each in _leaf_spaces(shapes).items() if kind in chosen]
    if not leaves:
        raise InvalidOptionError(
            expectation("at least one kind that is not nested", "kinds", kinds)
        )
    # Not `recursive`, which would mostly draw deep spaces and rarely a plain one.
    drawn = st.one_of(leaves)
    if not any(kind in chosen for kind in _NESTED):
        return drawn
    for _ in range(max_depth):
        nested = _nested_spaces(drawn, _features(shapes)).items()
        nestings = [each for kind, each in nested if kind in chosen]
        drawn = st.one_of([*leaves, *nestings])
    return drawn


def _choose_kinds(kinds: Any) -> Collection[type]:
    known = (*_ARRAYS, *_NESTED, gym_spaces.Text, gym_spaces.Graph)
    if kinds == "all":
        return known
    if kinds == "array_like":
        return (*_ARRAYS, gym_spaces.Tuple, gym_spaces.Dict)
    is_collection = isinstance(kinds, Collection) and not isinstance(kinds, str)
    if not is_collection or not all(kind in known for kind in kinds):
        expected = "'all', 'array_like' or a collection of space classes"
        raise InvalidOptionError(expectation(expected, "kinds", kinds))
    return kinds


def _leaf_spaces(shapes: _Shapes) -> dict[type, _Spaces]:
    features = _features(shapes)
    return {
        gym_spaces.Discrete: _discretes(),
        gym_spaces.Box: boxes(shapes),
        gym_spaces.MultiBinary: _with_axis(shapes).map(gym_spaces.MultiBinary),
        gym_spaces.MultiDiscrete: _multi_discretes(shapes),
        gym_spaces.Text: _texts(),
        gym_spaces.Graph: st.builds(gym_spaces.Graph, features, st.none() | features),
    }


def _nested_spaces(parts: _Spaces, features: _Spaces) -> dict[type, _Spaces]:
    keys = st.text(string.ascii_lowercase, min_size=1, max_size=3)
    named_parts = st.dictionaries(keys, parts, min_size=1, max_size=3)
    several_parts = st.lists(parts, min_size=1, max_size=3)
    return {
        gym_spaces.Tuple: several_parts.map(gym_spaces.Tuple),
        gym_spaces.Dict: named_parts.map(gym_spaces.Dict),
        gym_spaces.OneOf: several_parts.map(gym_spaces.OneOf),
        gym_spaces.Sequence: st.booleans().flatmap(
            lambda stack: (features if stack else parts).map(
                lambda part: gym_spaces.Sequence(part, stack=stack)
            )
        ),
    }


def _with_axis(shapes: _Shapes) -> _Shapes:
    return shapes.map(lambda shape: shape or (1,))


def _features(shapes: _Shapes) -> _Spaces:
    """Spaces whose batches Gymnasium can take apart into elements without a warning."""
    return st.one_of(_discretes(), boxes(_with_axis(shapes)))


def _discretes() -> _Spaces:
    # By a single number, as what takes more of them is no simplest space to Hypothesis.
    return st.integers(0, 21 * 10 - 1).map(_discrete)


def _discrete(number: int) -> gym_spaces.Discrete:
    """Sizes from 1 to 10 that start at 0, then at 1 to 10, then at -1 to -10."""
    turn, size = divmod(number, 10)
    return gym_spaces.Discrete(size + 1, start=turn if turn <= 10 else 10 - turn)


@st.composite
def _multi_discretes(draw: DrawFn, shapes: _Shapes) -> gym_spaces.MultiDiscrete:
    shape = draw(_with_axis(shapes))
    dtype: Any = draw(st.sampled_from([np.int64, np.int32, np.int8]))
    counts = draw(npst.arrays(dtype, shape, elements=st.integers(1, 5)))
    start = draw(npst.arrays(dtype, shape, elements=st.integers(-5, 5)))
    return gym_spaces.MultiDiscrete(counts, dtype=dtype, start=start)


@st.composite
def _texts(draw: DrawFn) -> gym_spaces.Text:
    letters = st.sampled_from(string.ascii_letters + string.digits)
    return gym_spaces.Text(
        draw(st.integers(1, 6)),
        min_length=draw(st.integers(0, 1)),
        charset=draw(st.frozensets(letters, min_size=1)),
    )
