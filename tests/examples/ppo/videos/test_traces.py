import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples.ppo.videos.traces import MOST, returns_that_followed, shorten, traces_of

NUMBERS = st.floats(-100, 100)


def test_numbers():
    assert traces_of([np.int64(1), 2]) == ([{"name": "", "values": [1, 2]}], [])


def test_vectors():
    traces, notes = traces_of([np.array([1.0, 2.0]), np.array([3.0, 4.0])])
    assert traces == [
        {"name": "0", "values": [1, 3]},
        {"name": "1", "values": [2, 4]},
    ]
    assert notes == []


def test_nested_values_have_their_path_in_their_name():
    values = [{"arm": (np.zeros([1, 2]) + step, step)} for step in range(2)]
    traces, _ = traces_of(values)
    assert traces == [
        {"name": "arm 0 0,0", "values": [0, 1]},
        {"name": "arm 0 0,1", "values": [0, 1]},
        {"name": "arm 1", "values": [0, 1]},
    ]


def test_too_many_numbers():
    traces, notes = traces_of([{"a": np.zeros(20), "b": np.zeros(20)}])
    assert len(traces) == MOST == 32
    assert traces[-1]["name"] == "b 11"
    assert notes == ["The first 32 of 40 numbers."]


def test_long_vectors_are_not_pictures():
    traces, notes = traces_of([np.zeros(90)])
    assert [trace["name"] for trace in traces] == [str(place) for place in range(32)]
    assert notes == ["The first 32 of 90 numbers."]


def test_pictures_are_left_out():
    picture = np.zeros([8, 8, 3], np.uint8)
    assert traces_of([picture]) == ([], ["A picture of 8 x 8 x 3 numbers."])
    traces, notes = traces_of([{"eye": picture, "speed": 1.0}])
    assert traces == [{"name": "speed", "values": [1]}]
    assert notes == ["eye: a picture of 8 x 8 x 3 numbers."]
    assert len(traces_of([np.zeros([4, 8])])[0]) == 32


def test_shorten():
    values = [1.23456, -123456, np.nan, np.inf, True, 1e-20]
    assert shorten(values) == [1.235, -123500, None, None, 1, 1e-20]


@given(
    st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1), st.booleans(), st.floats(0, 1)
)
def test_returns_are_sums_of_discounted_rewards(steps, terminated, discount):
    rewards, values = (list(each) for each in zip(*steps, strict=True))
    actual = returns_that_followed(rewards, values, terminated, discount)
    assert len(actual) == len(rewards)
    last = rewards[-1] if terminated else values[-1]
    followed = [*rewards[:-1], last]
    for start, value in enumerate(actual):
        expected = sum(
            discount**delay * reward for delay, reward in enumerate(followed[start:])
        )
        assert value == pytest.approx(expected, abs=1e-6)
