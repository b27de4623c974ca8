"""Columns that cross as bytes are the same on the other side."""

import gymnasium as gym
import numpy as np
import pytest
from hypothesis import given

from rltools import strategies
from rltools.cluster.messages import ColumnBytes, pack_message, unpack_message
from rltools.hosting.columns import Columns

SPACE = gym.spaces.Dict(
    image=gym.spaces.Box(0, 255, (2, 3), np.uint8),
    empty=gym.spaces.Box(0, 1, (0, 2), np.float32),
    number=gym.spaces.Discrete(5),
    text=gym.spaces.Text(3),
)
ACTIONS = gym.spaces.MultiBinary(3)


@pytest.fixture
def sides():
    """Columns here and there, with different numbers in them."""
    here, there = (Columns(SPACE, ACTIONS, 4) for _ in range(2))
    rng = np.random.default_rng(1)
    for leaf in arrays_of(there):
        leaf[...] = rng.integers(0, 2, leaf.shape).astype(leaf.dtype)
    return here, there


def arrays_of(columns):
    leaves = [*columns.observs.leaves(), *columns.actions.leaves()]
    outcomes = columns.resets, columns.rewards, columns.terminated, columns.truncated
    return [leaf for leaf in (*leaves, *outcomes) if isinstance(leaf, np.ndarray)]


def test_message():
    message = pack_message(7, b"columns", b"body")
    kind, columns, body = unpack_message(message)
    assert (kind, bytes(columns), bytes(body)) == (7, b"columns", b"body")


def test_all_columns(sides):
    here, there = sides
    inputs = ColumnBytes(there).pack_inputs()
    outputs = ColumnBytes(there).pack_outputs(None)
    ColumnBytes(here).unpack_inputs(memoryview(inputs))
    ColumnBytes(here).unpack_outputs(memoryview(outputs))
    for one, two in zip(arrays_of(here), arrays_of(there), strict=True):
        np.testing.assert_array_equal(one, two, strict=True)


@pytest.mark.parametrize("rows", [[2, 0], []])
def test_observations_of_some_rows(sides, rows):
    here, there = sides
    there.observs.leaves()[0][...] = 9
    outputs = ColumnBytes(there).pack_outputs(rows)
    ColumnBytes(here).unpack_outputs(memoryview(outputs))
    image = here.observs.leaves()[0]
    assert {row for row in range(4) if (image[row] == 9).all()} == set(rows)
    assert (image[[row for row in range(4) if row not in rows]] == 0).all()
    np.testing.assert_array_equal(here.terminated, there.terminated)


@given(strategies.spaces(), strategies.spaces())
def test_round_trip(observation_space, action_space):
    """Law: unpacking is the inverse of packing, for all spaces."""
    observation_space.seed(0)
    action_space.seed(0)
    here, there = (Columns(observation_space, action_space, 3) for _ in range(2))
    for row in range(3):
        there.observs.write(row, observation_space.sample(), "observation")
        if there.actions is not None:
            there.actions.write(row, action_space.sample(), "action")
    ColumnBytes(here).unpack_outputs(memoryview(ColumnBytes(there).pack_outputs(None)))
    ColumnBytes(here).unpack_inputs(memoryview(ColumnBytes(there).pack_inputs()))
    pairs = [*zip(here.observs.leaves(), there.observs.leaves(), strict=True)]
    if there.actions is not None:
        assert here.actions is not None
        pairs += zip(here.actions.leaves(), there.actions.leaves(), strict=True)
    for one, two in pairs:
        if isinstance(two, np.ndarray):
            np.testing.assert_array_equal(one, two, strict=True)
