"""Rows stack as Gymnasium stacks, but never broadcast and never cast with loss."""

import numpy as np
import pytest
from gymnasium import spaces
from gymnasium.vector.utils import batch_space, concatenate, create_empty_array
from hypothesis import given
from hypothesis import strategies as st

from rltools import nested
from rltools.hosting.rows import rows_of
from rltools.errors import InvalidObservationError
from rltools.strategies import elements
from rltools.strategies import spaces as any_space


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
        nested.map(np.asarray, read(rows)), nested.map(np.asarray, oracle)
    )


@given(st.data())
def test_chosen_rows_come_in_the_order_asked_for(data):
    """`read(rows)` is `read()` indexed by the rows."""
    space = data.draw(any_space(kinds="array_like"))
    rows = rows_of(space, 4)
    for row in range(4):
        rows.write(row, data.draw(elements(space)), "value")
    chosen = data.draw(st.lists(st.integers(0, 3), unique=True))
    whole, part = read(rows), rows.read(chosen)
    nested.map(
        lambda w, p: np.testing.assert_array_equal(w[np.array(chosen, int)], p),
        whole,
        part,
    )


@given(st.data())
def test_a_batch_that_was_read_never_changes(data):
    """What is read is a copy, unless a view is asked for."""
    space = data.draw(any_space(kinds="array_like"))
    first, second = data.draw(st.tuples(elements(space), elements(space)))
    rows = rows_of(space, 1)
    rows.write(0, first, "value")
    kept = read(rows)
    view = rows.read(copy=False)
    before = nested.map(np.copy, kept)
    rows.write(0, second, "value")
    assert_identical(kept, before)
    assert_identical(view, read(rows))


def test_values_of_other_spaces_are_collected():
    space = spaces.Text(5)
    rows = rows_of(space, 2)
    rows.write(0, "one", "value")
    rows.write(1, "two", "value")
    assert read(rows) == ("one", "two")
    assert read(rows, [1]) == ("two",)
    assert batch_space(space, 2).contains(read(rows))
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
    assert read(rows)[0][0].tolist() == [0, 0]


def test_zeros_and_ones_may_have_any_integer_dtype():
    rows = rows_of(spaces.MultiBinary(2), 1)
    rows.write(0, np.array([0, 1]), "obs")
    assert read(rows).tolist() == [[0, 1]]
    with pytest.raises(InvalidObservationError, match=r"obs\[0\]: expected a value"):
        rows.write(0, np.array([256, 0]), "obs")


def test_casts_without_loss_are_made():
    rows = rows_of(spaces.Box(-9, 9, (2,), np.float64), 1)
    rows.write(0, np.array([1.5, 2], np.float32), "obs")
    assert read(rows).tolist() == [[1.5, 2.0]]
