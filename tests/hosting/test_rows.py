"""Rows stack as Gymnasium stacks, but never broadcast and never cast with loss."""

import numpy as np
import pytest
from gymnasium import spaces
from gymnasium.vector.utils import batch_space, concatenate, create_empty_array
from hypothesis import given
from hypothesis import strategies as st

from rltools import nested
from rltools.errors import InvalidObservationError
from rltools.hosting.batched import assemble, join
from rltools.hosting.rows import ARRAY_SPACES, rows_of
from rltools.strategies import elements
from rltools.strategies import spaces as any_space


def read(space, rows):
    """The batched value of all rows, as the caller's own."""
    return assemble(space, iter(join([rows.leaves()])))


def assert_identical(first, second):
    def check(a, b):
        assert type(a) is type(b)
        np.testing.assert_array_equal(a, b, strict=isinstance(a, np.ndarray))

    nested.map(check, first, second)


@given(st.data(), st.integers(1, 4))
def test_equals_gymnasium_for_every_array_like_space(data, count):
    """Equals the oracle `gymnasium.vector.utils.concatenate`, shape and dtype too."""
    space = data.draw(any_space(kinds="array_like"))
    values = [data.draw(elements(space)) for _ in range(count)]
    rows = rows_of(space, count)
    for row, value in enumerate(values):
        rows.write(row, value, "value")
    oracle = concatenate(space, values, create_empty_array(space, count))
    assert_identical(
        nested.map(np.asarray, read(space, rows)), nested.map(np.asarray, oracle)
    )


@given(st.data(), st.integers(1, 4))
def test_writing_all_at_once_equals_writing_one_by_one(data, count):
    """Equals the model `write`, wherever `write_all` accepts the values."""
    space = data.draw(any_space())
    values = [data.draw(elements(space)) for _ in range(count)]
    rows, model = rows_of(space, count), rows_of(space, count)
    for row, value in enumerate(values):
        model.write(row, value, "value")
    if rows.write_all(values):
        assert_identical(read(space, rows), read(space, model))
    else:
        assert not isinstance(space, ARRAY_SPACES) or any(
            value.shape == () for value in values
        ), "Plain arrays are stored at once."


@given(st.data())
def test_a_row_is_a_copy_of_what_was_written(data):
    """Round trip: `row` returns what `write` was given, in the space's own types."""
    space = data.draw(any_space())
    rows, value = rows_of(space, 3), data.draw(elements(space))
    rows.write(1, value, "value")
    assert space.contains(rows.row(1))
    assert_identical(
        nested.map(np.asarray, rows.row(1)), nested.map(np.asarray, rows.row(1))
    )


@given(st.data())
def test_a_batch_that_was_read_never_changes(data):
    """What is read is a copy."""
    space = data.draw(any_space(kinds="array_like"))
    first, second = data.draw(st.tuples(elements(space), elements(space)))
    rows = rows_of(space, 1)
    rows.write(0, first, "value")
    kept = read(space, rows)
    before = nested.map(np.copy, kept)
    rows.write(0, second, "value")
    assert_identical(kept, before)


def test_values_of_other_spaces_are_collected():
    space = spaces.Text(5)
    rows = rows_of(space, 2)
    rows.write(0, "one", "value")
    rows.write(1, "two", "value")
    assert read(space, rows) == ("one", "two")
    assert batch_space(space, 2).contains(read(space, rows))
    with pytest.raises(InvalidObservationError, match="value"):
        rows.write(0, 3, "value")


BOX = spaces.Box(0, 255, (2,), np.uint8)
FLOAT = spaces.Box(-9, 9, (2,), np.float32)
NEST = spaces.Dict(a=spaces.Tuple([FLOAT]), b=spaces.Discrete(2))
GOOD = (np.zeros(2, np.float32),)


@pytest.mark.parametrize(
    ("space", "value", "message"),
    [
        (BOX, np.array([300, 0]), r"obs: expected dtype uint8, got int64"),
        (BOX, np.array([np.nan, 0]), r"obs: expected dtype uint8, got float64"),
        (BOX, np.uint8(3), r"obs: expected shape \(2,\), got \(\)"),
        (BOX, np.zeros((1, 2), np.uint8), r"expected shape \(2,\), got \(1, 2\)"),
        (BOX, [0, 0], r"obs: expected an array .* got \[0, 0\] \(list\)"),
        (FLOAT, np.zeros(2), r"obs: expected dtype float32, got float64"),
        (NEST, {"a": GOOD}, r"obs: expected a dict with keys \['a', 'b'\]"),
        (NEST, {"a": GOOD, "b": 0, "c": 0}, r"got \['a', 'b', 'c'\]"),
        (NEST, {"a": GOOD * 2, "b": 0}, r"obs\['a'\]: expected a tuple of 1 items"),
        (NEST, {"a": (np.zeros(2),), "b": 0}, r"obs\['a'\]\[0\]: expected dtype"),
        (NEST, {"a": GOOD, "b": 2}, r"obs\['b'\]: expected an integer from 0 to 1"),
        (NEST, {"a": GOOD, "b": 0.0}, r"obs\['b'\]: expected an integer"),
        (NEST, 5, r"obs: expected a dict .* got 5 \(int\)"),
    ],
)
def test_what_does_not_fit_is_refused(space, value, message):
    with pytest.raises(InvalidObservationError, match=message):
        rows_of(space, 2).write(1, value, "obs")


def test_kept_values_of_other_spaces_are_copies():
    space = spaces.Sequence(FLOAT)
    rows, value = rows_of(space, 1), (np.zeros(2, np.float32),)
    rows.write(0, value, "obs")
    value[0][:] = 5
    assert read(space, rows)[0][0].tolist() == [0, 0]


def test_zeros_and_ones_may_have_any_integer_dtype():
    rows = rows_of(space := spaces.MultiBinary(2), 1)
    rows.write(0, np.array([0, 1]), "obs")
    assert read(space, rows).tolist() == [[0, 1]]
    with pytest.raises(InvalidObservationError, match=r"obs\[0\]: expected a value"):
        rows.write(0, np.array([256, 0]), "obs")


def test_casts_without_loss_are_made():
    rows = rows_of(space := spaces.Box(-9, 9, (2,), np.float64), 1)
    rows.write(0, np.array([1.5, 2], np.float32), "obs")
    assert read(space, rows).tolist() == [[1.5, 2.0]]
