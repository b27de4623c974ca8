"""elements: accepted by their space, drawn by Hypothesis alone, reaching its bounds."""

import random
import warnings

import numpy as np
import pytest
from gymnasium import spaces as gym_spaces
from gymnasium.vector.utils import batch_space
from hypothesis import find, given, settings
from hypothesis import strategies as st

from rltools.errors import InvalidOptionError, InvalidSpaceError
from rltools.space_checks import explain_mismatch
from rltools.strategies import elements, spaces

MANY = settings(max_examples=5000, database=None)


def smallest(space, condition=lambda element: True):
    # By the same examples every time: it is a question of what can be found at all.
    return find(elements(space), condition, settings=MANY, random=random.Random(0))


@given(st.data())
def test_elements_are_in_their_space(data):
    """Law: space.contains(element), without a cast or a warning."""
    space = data.draw(spaces())
    element = data.draw(elements(space))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert space.contains(element)
    assert explain_mismatch(space, element, "element") is None


@given(st.data())
def test_elements_of_array_like_spaces_are_arrays_of_their_dtype(data):
    """Law: shape and dtype are those of the space."""
    space = data.draw(spaces(kinds="array_like", max_depth=0))
    element = data.draw(elements(space))
    assert isinstance(element, np.ndarray | np.generic)
    assert element.shape == space.shape
    assert element.dtype == space.dtype


@given(st.data())
def test_elements_of_batched_spaces_are_in_the_batched_space(data):
    """Law: batching a space gives a space that elements can be drawn of."""
    space = data.draw(spaces(kinds="array_like"))
    batched = batch_space(space, data.draw(st.integers(1, 3)))
    element = data.draw(elements(batched))
    assert explain_mismatch(batched, element, "element") is None


@given(st.data())
def test_drawing_leaves_the_random_state_of_the_space_alone(data):
    """Law: the space's own generator is never used."""
    space = data.draw(spaces(kinds="array_like", max_depth=0))
    space.seed(3)
    before = space.np_random.bit_generator.state
    data.draw(elements(space))
    assert space.np_random.bit_generator.state == before


@given(elements(gym_spaces.Box(-np.inf, np.inf, (3,), np.float32)))
def test_elements_of_unbounded_boxes_are_finite(element):
    assert np.isfinite(element).all()


@given(elements(gym_spaces.Sequence(gym_spaces.Discrete(3), stack=True)))
def test_stacked_sequences_are_arrays(element):
    assert isinstance(element, np.ndarray)
    assert element.dtype == np.int64


@given(elements(gym_spaces.Sequence(gym_spaces.Discrete(3)), max_size=1))
def test_max_size_limits_sequences(element):
    assert len(element) <= 1


@given(
    elements(gym_spaces.Graph(gym_spaces.Discrete(3), gym_spaces.Box(0, 1)), max_size=2)
)
def test_max_size_limits_graphs(element):
    assert len(element.nodes) <= 2
    assert element.edges is None or len(element.edges) <= 2


@pytest.mark.parametrize("side", ["low", "high"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.uint8, np.int64])
def test_bounds_are_reached(side, dtype):
    low, high = np.array([1, 20], dtype), np.array([9, 90], dtype)
    bound = getattr(space := gym_spaces.Box(low, high, dtype=dtype), side)
    for index in range(2):
        smallest(space, lambda x, i=index: x[i] == bound[i])


@pytest.mark.parametrize(
    ("space", "value"),
    [
        (gym_spaces.Discrete(3, start=-1), -1),
        (gym_spaces.Discrete(3, start=-1), 1),
        (gym_spaces.MultiDiscrete([2, 2], start=[5, 7]), np.array([6, 8])),
        (gym_spaces.MultiBinary((2, 1)), np.array([[1], [1]])),
        (gym_spaces.Text(2, min_length=0, charset="ab"), ""),
        (gym_spaces.Text(2, min_length=0, charset="ab"), "bb"),
        (gym_spaces.OneOf([gym_spaces.Discrete(1), gym_spaces.Discrete(3)]), (1, 2)),
        (gym_spaces.Sequence(gym_spaces.Discrete(2)), ()),
        (gym_spaces.Sequence(gym_spaces.Discrete(2)), (1, 1)),
        (gym_spaces.Sequence(gym_spaces.Discrete(2), stack=True), np.array([1, 0])),
        (gym_spaces.Box(0, 1, (1,), np.bool_), np.array([True])),
    ],
    ids=str,
)
def test_extreme_elements_are_drawn(space, value):
    smallest(space, lambda element: np.array_equal(element, value))


def test_graphs_are_drawn_with_and_without_edges():
    space = gym_spaces.Graph(gym_spaces.Discrete(3), gym_spaces.Discrete(2))
    assert smallest(space).edges is None
    graph = smallest(space, lambda x: x.edges is not None and x.edge_links.max() == 1)
    assert graph.edge_links.shape == (len(graph.edges), 2)
    assert space.contains(graph)


def test_elements_shrink():
    """A counterexample is as simple as it can be: one offending value, the rest 0."""
    space = gym_spaces.Box(-100, 100, (2, 3), np.float32)
    found = smallest(space, lambda x: (x > 5).any())
    assert sorted(found.ravel()) == [0, 0, 0, 0, 0, 6]


def test_nested_elements_shrink_part_by_part():
    space = gym_spaces.Dict(
        a=gym_spaces.Discrete(9),
        b=gym_spaces.Tuple([gym_spaces.MultiBinary(2), gym_spaces.Text(3)]),
    )
    found = smallest(space, lambda x: x["a"] >= 4)
    assert found["a"] == 4
    assert found["b"][0].tolist() == [0, 0]
    assert found["b"][1] == "0"


@settings(max_examples=10)
@given(elements(gym_spaces.Box(0, 255, (84, 84, 3), np.uint8)))
def test_images_are_cheap_enough_to_draw(element):
    assert element.shape == (84, 84, 3)


class Custom(gym_spaces.Space):
    pass


@pytest.mark.parametrize("space", [3, None, gym_spaces.Discrete, Custom()])
def test_other_spaces_are_an_error(space):
    with pytest.raises(InvalidSpaceError, match=r"but got space=.* \(type="):
        elements(space)


def test_a_nested_unknown_space_is_an_error_too():
    with pytest.raises(InvalidSpaceError, match="type=Custom"):
        elements(gym_spaces.Tuple([gym_spaces.Discrete(2), Custom()]))


@pytest.mark.parametrize("max_size", [0, -1, 1.5, "3", None, True])
def test_invalid_sizes_are_an_error(max_size):
    message = "Expected an integer of at least 1 but got max_size="
    with pytest.raises(InvalidOptionError, match=message):
        elements(gym_spaces.Discrete(2), max_size=max_size)


def test_options_are_keyword_only():
    with pytest.raises(TypeError):
        elements(gym_spaces.Discrete(2), 3)
