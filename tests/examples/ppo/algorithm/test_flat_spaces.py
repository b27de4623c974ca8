import gymnasium as gym
import numpy as np
import pytest
import tensorflow as tf
from gymnasium import spaces
from hypothesis import given, settings
from hypothesis import strategies as st

from examples.ppo.algorithm.flat_spaces import FlatActions, FlatObservations, Image
from rltools import nested, strategies
from rltools.errors import InvalidSpaceError

DISCRETE_KINDS = (
    *(spaces.Discrete, spaces.MultiDiscrete, spaces.MultiBinary),
    *(spaces.Dict, spaces.Tuple),
)
MIXED = spaces.Dict(
    speed=spaces.Box(-np.inf, np.inf, (2,), np.float32),
    gear=spaces.Discrete(3, start=-1),
    lights=spaces.MultiBinary(2),
    view=spaces.Box(0, 255, (2, 3, 1), np.uint8),
)


def leaves_of(space):
    """The spaces that aren't nested, in the order of `nested.flatten`."""
    if isinstance(space, spaces.Dict):
        parts = [space.spaces[key] for key in sorted(space.spaces)]
    elif isinstance(space, spaces.Tuple):
        parts = space.spaces
    else:
        return [space]
    return [leaf for part in parts for leaf in leaves_of(part)]


def stacked(elements):
    """Nested tensors with a row for each element."""
    return nested.map(lambda *rows: tf.constant(np.stack(rows)), *elements)


@st.composite
def spaces_and_rows(draw):
    space = draw(strategies.spaces(kinds="array_like", max_side=2))
    rows = draw(st.lists(strategies.elements(space), min_size=1, max_size=3))
    return space, rows


class TestObservations:
    @settings(max_examples=40, deadline=None)
    @given(spaces_and_rows())
    def test_equals_a_vector_that_is_put_together_by_hand(self, space_and_rows):
        """Numbers as they are, and a single one at the place of a category."""
        space, rows = space_and_rows
        flat = FlatObservations(space)
        actual = flat(stacked(rows)).numpy()
        expected = [[] for _ in rows]
        for vector, row in zip(expected, rows, strict=True):
            for leaf, value in zip(leaves_of(space), nested.flatten(row), strict=True):
                if not isinstance(leaf, spaces.Discrete | spaces.MultiDiscrete):
                    vector.extend(np.ravel(value).astype(np.float64))
                    continue
                counts = np.ravel(getattr(leaf, "nvec", getattr(leaf, "n", None)))
                numbers = np.ravel(value).astype(int) - np.ravel(leaf.start)
                for number, count in zip(numbers, counts, strict=True):
                    vector.extend(float(place == number) for place in range(count))
        assert actual.shape == (len(rows), flat.size)
        with np.errstate(over="ignore"):
            np.testing.assert_array_equal(actual, np.array(expected, actual.dtype))

    @settings(max_examples=40, deadline=None)
    @given(spaces_and_rows())
    def test_arrays_are_flattened_like_tensors(self, space_and_rows):
        space, rows = space_and_rows
        flat = FlatObservations(space)
        out = np.full((len(rows), flat.size), 77, flat.dtype.as_numpy_dtype)
        with np.errstate(over="ignore"):
            flat.write(nested.map(lambda *each: np.stack(each), *rows), out)
        np.testing.assert_array_equal(out, flat(stacked(rows)))

    def test_parts_are_in_the_order_of_their_keys(self):
        row = {
            "view": np.arange(6, dtype=np.uint8).reshape(2, 3, 1),
            "lights": np.array([1, 0], np.int8),
            "speed": np.array([-7.5, 3], np.float32),
            "gear": np.int64(1),
        }
        flat = FlatObservations(MIXED)
        np.testing.assert_array_equal(
            flat(stacked([row])), [[0, 0, 1, 1, 0, -7.5, 3, 0, 1, 2, 3, 4, 5]]
        )
        assert flat.images == [Image(7, (2, 3, 1))]
        assert flat.images[0].stop == flat.size == 13

    @pytest.mark.parametrize(
        ("space", "dtype"),
        [
            (spaces.Box(0, 255, (4, 4, 3), np.uint8), tf.uint8),
            (spaces.Tuple([spaces.Box(0, 9, (2,), np.uint8)] * 2), tf.uint8),
            (spaces.Box(-9, 9, (2,), np.int8), tf.float32),
            (MIXED, tf.float32),
            (spaces.Discrete(3), tf.float32),
        ],
    )
    def test_only_pictures_stay_bytes(self, space, dtype):
        flat = FlatObservations(space)
        assert flat.dtype == dtype
        assert flat(stacked([space.sample()])).dtype == dtype

    @pytest.mark.parametrize(
        ("shape", "channels_first"),
        [
            ((3, 8, 8), True),
            ((8, 8, 3), False),
            ((4, 84, 84), True),
            ((8, 8, 8), False),
        ],
    )
    def test_the_smallest_dimension_counts_channels(self, shape, channels_first):
        (image,) = FlatObservations(spaces.Box(0, 1, shape)).images
        assert image.channels_first == channels_first


class TestActions:
    @settings(max_examples=40, deadline=None)
    @given(spaces_and_rows())
    def test_nesting_undoes_flattening(self, space_and_rows):
        """But for numbers that float32 can't hold."""
        space, rows = space_and_rows
        flat = FlatActions(space)
        vectors = flat(stacked(rows))
        assert vectors.shape == (len(rows), flat.size)
        assert vectors.dtype == tf.float32
        again = flat.unflatten(vectors)
        for leaf, value, expected in zip(
            leaves_of(space),
            nested.flatten(again),
            nested.flatten(stacked(rows)),
            strict=True,
        ):
            assert value.dtype == leaf.dtype
            assert value.shape == (len(rows), *leaf.shape)
            expected = expected.numpy()
            exact = np.abs(expected.astype(np.float64)) < 2**31
            exact &= np.where(exact, expected, 0).astype(np.float32) == expected
            # TensorFlow rounds numbers below the smallest normal one to zero.
            exact &= (np.abs(expected) >= np.finfo(np.float32).tiny) | (expected == 0)
            np.testing.assert_array_equal(value.numpy()[exact], expected[exact])

    @settings(max_examples=40, deadline=None)
    @given(spaces_and_rows(), st.data())
    def test_flattening_undoes_nesting(self, space_and_rows, data):
        """For whatever a policy chooses: any number, and every category."""
        space, _ = space_and_rows
        flat = FlatActions(space)
        # Numbers of the smallest dtype, and none below zero for one without a sign.
        has_flags = any(leaf.dtype == np.bool_ for leaf in leaves_of(space))
        numbers = st.integers(0, 1 if has_flags else 100)
        choices = [st.integers(0, count - 1) for count in flat.categories]
        vector = data.draw(st.tuples(*[numbers] * flat.num_continuous, *choices))
        vectors = tf.constant([vector], tf.float32)
        np.testing.assert_array_equal(flat(flat.unflatten(vectors)), vectors)
        arrays = flat.unflatten_array(vectors.numpy())
        for tensor, array in nested.zip(flat.unflatten(vectors), arrays, flatten=True):
            assert array.dtype == tensor.dtype
            np.testing.assert_array_equal(array, tensor)

    @settings(max_examples=40, deadline=None)
    @given(strategies.spaces(kinds=DISCRETE_KINDS, max_side=2), st.data())
    def test_every_choice_is_an_element_of_the_space(self, space, data):
        flat = FlatActions(space)
        assert flat.num_continuous == 0
        choices = [st.integers(0, count - 1) for count in flat.categories]
        vector = data.draw(st.tuples(*choices))
        batch = flat.unflatten(tf.constant([vector], tf.float32))
        element = nested.map(lambda value: value.numpy()[0], batch)
        assert space.contains(element), element

    def test_numbers_come_before_choices(self):
        space = spaces.Tuple(
            [
                spaces.Discrete(3, start=5),
                spaces.Box(-1, 1, (2,)),
                spaces.MultiBinary([1, 2]),
                spaces.Dict(b=spaces.Box(0, 1, ()), a=spaces.MultiDiscrete([2, 4])),
            ]
        )
        flat = FlatActions(space)
        assert (flat.num_continuous, flat.categories) == (3, (3, 2, 2, 2, 4))
        vector = [[0.5, -0.25, 9, 2, 0, 1, 1, 3]]
        action = flat.unflatten(tf.constant(vector))
        gear, speed, lights, rest = action
        assert gear.numpy() == [7]
        np.testing.assert_array_equal(speed, [[0.5, -0.25]])
        np.testing.assert_array_equal(lights, [[[0, 1]]])
        assert list(rest) == ["b", "a"] or list(rest) == ["a", "b"]
        assert rest["b"].numpy() == [9]
        np.testing.assert_array_equal(rest["a"], [[1, 3]])
        np.testing.assert_array_equal(flat(action), vector)


@pytest.mark.parametrize("flat", [FlatObservations, FlatActions])
@pytest.mark.parametrize(
    "space",
    [
        spaces.Text(3),
        spaces.Sequence(spaces.Discrete(2)),
        spaces.Dict(a=spaces.Discrete(2), b=spaces.Graph(spaces.Discrete(2), None)),
        spaces.Tuple([]),
        gym.Space(),
    ],
    ids=["text", "sequence", "graph", "nothing", "unknown"],
)
def test_other_spaces_are_an_error(flat, space):
    kind = "observation" if flat is FlatObservations else "action"
    with pytest.raises(InvalidSpaceError, match=f"expected an {kind} space "):
        flat(space)
