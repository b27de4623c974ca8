import numpy as np
import pytest
from gymnasium.spaces import GraphInstance
from hypothesis import given
from hypothesis import strategies as st

from rltools import strategies
from rltools.mocks.difference import explain_difference

ARRAY = np.arange(4.0).reshape(2, 2)


@given(st.data(), strategies.spaces())
def test_a_value_does_not_differ_from_itself(data, space):
    """Law: no element of any space differs from itself."""
    value = data.draw(strategies.elements(space))
    assert explain_difference(value, value, "x") is None


@pytest.mark.parametrize(
    ("expected", "got"),
    [
        (1, np.int64(1)),
        (1.0, np.float32(1)),
        ([1, 2], (1, 2)),
        (np.nan, float("nan")),
        (np.float32([1, np.nan]), np.array([1, np.nan])),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        (None, None),
        (True, np.True_),
    ],
)
def test_equal(expected, got):
    assert explain_difference(expected, got, "x") is None


@pytest.mark.parametrize(
    ("expected", "got", "problem"),
    [
        (1, 2, "x: expected 1 (int), got 2 (int)"),
        (1, "1", "x: expected 1 (int), got '1' (str)"),
        (1, None, "x: expected 1 (int), got None (NoneType)"),
        (None, 0, "x: expected None (NoneType), got 0 (int)"),
        ("a", "b", "x: expected 'a' (str), got 'b' (str)"),
        (np.nan, 1.0, "x: expected nan (float), got 1.0 (float)"),
        ({"a": 1}, {"b": 1}, "x: expected keys ['a'], got ['b']"),
        ({"a": [1, {"b": 2}]}, {"a": [1, {"b": 3}]}, "x['a'][1]['b']: expected 2"),
        ((1, 2), (1,), "x: expected 2 items, got 1"),
        ((1,), 1, "x: expected (1,) (tuple), got 1 (int)"),
        (ARRAY, ARRAY[0], "x: expected shape (2, 2), got (2,)"),
        (ARRAY, np.float64([[0, 1], [2, 8]]), "x[1, 1]: expected 3.0 (float), got 8.0"),
        (
            GraphInstance(ARRAY, None, None),
            GraphInstance(ARRAY, ARRAY, None),
            "x[1]: expected None",
        ),
    ],
)
def test_different(expected, got, problem):
    assert explain_difference(expected, got, "x").startswith(problem)
