import gymnasium as gym
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_np

from rltools.wrappers.box_range import BoxRange

FLOATS = [np.float16, np.float32, np.float64]
INTEGERS = [np.uint8, np.int8, np.uint16, np.int16, np.uint32, np.int32]


def numbers(dtype):
    if dtype.kind == "f":
        # One step below the largest number, which stands for "unbounded".
        largest = float(np.nextafter(np.finfo(dtype).max, dtype.type(0)))
        return st.floats(-largest, largest, width=8 * dtype.itemsize)
    return st.integers(np.iinfo(dtype).min, np.iinfo(dtype).max)


@st.composite
def boxes_and_values(draw, dtypes):
    dtype = np.dtype(draw(st.sampled_from(dtypes)))
    shape = draw(st_np.array_shapes(min_dims=0, max_dims=2, max_side=3))
    rows = draw(st_np.arrays(dtype, (3, *shape), elements=numbers(dtype)))
    low, value, high = (np.asarray(row, dtype) for row in np.sort(rows, axis=0))
    return gym.spaces.Box(low, high, dtype=dtype.type), value


@given(case=boxes_and_values(FLOATS + INTEGERS))
def test_values_inside_stay_inside(case):
    """Law: the map takes the box into the new box, ends to ends, and back."""
    space, value = case
    tested = BoxRange(space)
    assert tested.bounded.all()
    wide = space.high.astype(float) / 2 - space.low.astype(float) / 2 > 0
    for given_value, end in ((value, None), (space.low, -1), (space.high, 1)):
        normalized = tested.normalize(given_value)
        assert normalized in tested.space
        if end is not None:
            assert np.array_equal(normalized, np.where(wide, end, 0))
        assert tested.denormalize(normalized) in space
    for end, bound in ((-1, space.low), (1, space.high)):
        extreme = np.full(space.shape, end, tested.space.dtype)
        assert np.array_equal(tested.denormalize(extreme), bound)


@given(case=boxes_and_values(FLOATS + INTEGERS), data=st.data())
def test_way_back_ends_inside(case, data):
    """Law: every element of the new box comes back as an element of the old one."""
    tested = BoxRange(case[0])
    shape, dtype = tested.space.shape, tested.space.dtype
    unit = st.floats(-1, 1, width=8 * dtype.itemsize)
    value = data.draw(st_np.arrays(dtype, shape, elements=unit))
    assert tested.denormalize(value) in tested.source


def test_way_back_to_a_single_value_is_not_rounded_away():
    tested = BoxRange(gym.spaces.Box(0.1, 0.1, (2001,), np.float64))
    back = tested.denormalize(np.linspace(-1, 1, 2001))
    assert back.tolist() == [0.1] * 2001


def test_range_as_small_as_can_be():
    tiny = float(np.finfo(np.float16).smallest_subnormal)
    tested = BoxRange(gym.spaces.Box(0, tiny, (1,), np.float16))
    assert tested.normalize(np.array([tiny], np.float16)).tolist() == [1]
    assert tested.normalize(np.array([0], np.float16)).tolist() == [-1]


@given(case=boxes_and_values(FLOATS))
def test_round_trip_of_floats(case):
    """Law: there and back is the identity, up to the precision of the larger bound."""
    space, value = case
    tested = BoxRange(space)
    back = tested.denormalize(tested.normalize(value)).astype(np.longdouble)
    largest = np.maximum(abs(space.low), abs(space.high)).astype(np.longdouble)
    info = np.finfo(space.dtype)
    tolerance = 4 * float(info.eps) * largest + 4 * float(info.smallest_subnormal)
    assert np.all(abs(back - value) <= tolerance)


@given(case=boxes_and_values(INTEGERS))
def test_round_trip_of_integers(case):
    """Law: there and back is the identity, exactly."""
    space, value = case
    tested = BoxRange(space)
    back = tested.denormalize(tested.normalize(value))
    assert back.dtype == space.dtype
    assert np.array_equal(back, value)


@given(case=boxes_and_values([np.float64]), data=st.data())
def test_order_is_kept(case, data):
    """Law: a larger value never gives a smaller one."""
    space, value = case
    tested = BoxRange(space)
    other = np.clip(
        data.draw(
            st_np.arrays(space.dtype, space.shape, elements=numbers(space.dtype))
        ),
        space.low,
        space.high,
    )
    first, second = np.minimum(value, other), np.maximum(value, other)
    assert np.all(tested.normalize(first) <= tested.normalize(second))


def test_unbounded_dimensions_are_left_alone():
    largest = float(np.finfo(np.float32).max)
    low = np.array([-2, -np.inf, 0, -largest, -largest], np.float32)
    high = np.array([2, 5, np.inf, largest, 3], np.float32)
    tested = BoxRange(gym.spaces.Box(low, high))
    assert tested.bounded.tolist() == [True, False, False, False, False]
    assert tested.space.low.tolist() == [-1, *low[1:].tolist()]
    assert tested.space.high.tolist() == [1, *high[1:].tolist()]
    value = np.array([1, 4, 9, 1e30, -7], np.float32)
    normalized = tested.normalize(value)
    assert normalized.dtype == np.float32
    assert normalized.tolist() == [0.5, *value[1:].tolist()]
    assert tested.denormalize(normalized).tolist() == value.tolist()


def test_values_outside_go_on_along_the_line():
    tested = BoxRange(gym.spaces.Box(0, 4, (3,), np.float32))
    value = np.array([-4, 8, 5], np.float32)
    assert tested.normalize(value).tolist() == [-3.0, 3.0, 1.5]


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [
        (np.uint8, np.float32),
        (np.int16, np.float32),
        (np.int32, np.float64),
        (np.float16, np.float16),
        (np.float64, np.float64),
    ],
)
def test_dtype(dtype, expected):
    assert BoxRange(gym.spaces.Box(0, 9, (2,), dtype)).space.dtype == expected


@pytest.mark.parametrize(
    "space",
    [
        gym.spaces.Box(np.array([0, 0]), np.array([3, 2**48 + 1]), dtype=np.int64),
        gym.spaces.Box(np.array([-(2**63), 0]), np.array([3, 3]), dtype=np.int64),
        gym.spaces.Box(-np.inf, np.inf, (2,), np.int32),
        gym.spaces.Box(-np.inf, 3, (2,), np.int32),
        gym.spaces.Box(3, np.inf, (2,), np.int32),
    ],
)
def test_integers_too_large_are_left_alone_altogether(space):
    assert not BoxRange(space).bounded.any()


def test_integers_just_small_enough():
    tested = BoxRange(gym.spaces.Box(-(2**48), 2**48, (2,), np.int64))
    assert tested.bounded.all()
    value = np.array([2**48 - 1, 12345678912345])
    assert tested.denormalize(tested.normalize(value)).tolist() == value.tolist()
