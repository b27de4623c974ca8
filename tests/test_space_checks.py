"""`explain_mismatch` agrees with `contains`, and says where the difference is."""

import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces
from gymnasium.vector.utils import batch_space
from hypothesis import given
from hypothesis import strategies as st

from rltools.space_checks import describe, explain_mismatch
from rltools.strategies import elements
from rltools.strategies import spaces as any_space


@given(st.data())
def test_elements_of_any_space_are_accepted(data):
    """Soundness: what a strategy draws from a space has no mismatch with it."""
    space = data.draw(any_space())
    assert explain_mismatch(space, data.draw(elements(space)), "value") is None


@given(st.data())
def test_what_is_accepted_is_in_the_space(data):
    """Whatever it accepts, `contains` accepts; arrays are judged alike by both."""
    space, other = data.draw(st.tuples(*[any_space(kinds="array_like")] * 2))
    value = data.draw(elements(other))
    accepted = explain_mismatch(space, value, "value") is None
    assert not accepted or space.contains(value)
    if isinstance(value, np.ndarray) and _judges_alike(space, value.dtype):
        assert accepted == space.contains(value)


def _judges_alike(space, dtype):
    # Elsewhere Gymnasium takes floats and booleans for integers.
    discrete = isinstance(space, spaces.MultiDiscrete | spaces.MultiBinary)
    return isinstance(space, spaces.Box) or (discrete and dtype.kind in "iu")


ARM = spaces.Dict(
    joints=spaces.Tuple([spaces.Box(-1, 1, (2, 2), np.float32), spaces.Discrete(3)]),
    lamps=spaces.MultiBinary(4),
    dials=spaces.MultiDiscrete([2, 3], start=[1, 1]),
)
GOOD = {
    "joints": (np.zeros((2, 2), np.float32), 2),
    "lamps": np.zeros(4, np.int8),
    "dials": np.array([1, 3]),
}
BAD_PARTS = [
    ("joints", 3, "a['joints']: expected a tuple, got 3 (int)"),
    ("joints", (0,), "a['joints']: expected 2 items, got 1"),
    (
        "joints",
        (np.zeros((2, 2)), 2),
        "a['joints'][0]: expected dtype float32, got float64",
    ),
    (
        "joints",
        (np.zeros(2, np.float32), 2),
        "a['joints'][0]: expected shape (2, 2), got (2,)",
    ),
    (
        "joints",
        (np.array([[0, 0], [np.nan, 0]], np.float32), 2),
        "a['joints'][0][1, 0]: expected a value from -1.0 to 1.0, got nan",
    ),
    (
        "joints",
        ([0, 0], 2),
        "a['joints'][0]: expected an array of shape (2, 2) and dtype float32, "
        "got [0, 0] (list)",
    ),
    (
        "joints",
        (GOOD["joints"][0], 3),
        "a['joints'][1]: expected an integer from 0 to 2, got 3 (int)",
    ),
    (
        "joints",
        (GOOD["joints"][0], True),
        "a['joints'][1]: expected an integer from 0 to 2, got True (bool)",
    ),
    (
        "lamps",
        np.full(4, 2, np.int8),
        "a['lamps'][0]: expected a value from 0 to 1, got 2",
    ),
    (
        "dials",
        np.array([1, 4]),
        "a['dials'][1]: expected a value from 1 to 3, got 4",
    ),
]


@pytest.mark.parametrize(("key", "part", "message"), BAD_PARTS)
def test_message_has_path_expected_and_found(key, part, message):
    assert explain_mismatch(ARM, GOOD, "a") is None
    assert explain_mismatch(ARM, GOOD | {key: part}, "a") == message


def test_missing_and_extra_keys_are_named():
    value = {"joints": GOOD["joints"], "lamps": GOOD["lamps"], "dial": GOOD["dials"]}
    message = explain_mismatch(ARM, value, "a")
    assert "missing: ['dials'], extra: ['dial']" in message


def test_a_batch_is_checked_by_the_batched_space():
    space = batch_space(spaces.Discrete(3, start=2), 4)
    assert explain_mismatch(space, np.array([2, 3, 4, 2]), "a") is None
    problem = explain_mismatch(space, np.array([2, 3, 5, 2]), "a")
    assert problem == "a[2]: expected a value from 2 to 4, got 5"


def test_other_spaces_are_asked_themselves():
    space = gym.spaces.Text(3, charset="ab")
    assert explain_mismatch(space, "abba", "a").startswith("a: expected an element of")


def test_long_values_are_described_in_short():
    assert len(describe("x" * 1000)) < 80
