"""Infos survive the way from a worker unchanged, whatever is in them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rltools.checks import differences
from rltools.hosting.report import Report
from rltools.process.info_columns import from_columns, to_columns
from rltools.process.packing import pack_report, unpack_report

NUMBERS = [
    st.booleans(),
    st.integers(),
    st.floats(),
    st.booleans().map(np.bool_),
    st.integers(-9, 9).map(np.int32),
    st.integers(-9, 9).map(np.int64),
    st.integers(0, 9).map(np.uint8),
    st.floats(width=32).map(np.float32),
    st.floats().map(np.float64),
]
OTHERS = [
    st.none(),
    st.text(max_size=3),
    st.integers(0, 9).map(np.int8),
    st.floats(0, 1).map(np.array),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=2), st.integers(), max_size=2),
]
ROWS = st.lists(st.integers(0, 40), unique=True, max_size=4)


@st.composite
def alike(draw, kinds):
    """Infos of some rows, with the same keys and a kind of value for each key."""
    keys = draw(st.lists(st.text(max_size=2), unique=True, max_size=4))
    values = {key: draw(st.sampled_from(kinds)) for key in keys}
    return {
        row: {key: draw(value) for key, value in values.items()} for row in draw(ROWS)
    }


ANY = st.dictionaries(
    st.integers(0, 40),
    st.dictionaries(
        st.one_of(st.text(max_size=2), st.integers()),
        st.one_of(NUMBERS + OTHERS),
        max_size=3,
    ),
    max_size=3,
)


@given(infos=st.one_of(alike(NUMBERS), alike(NUMBERS + OTHERS), ANY))
def test_infos_come_back_as_they_were(infos):
    """Law: the same rows in the same order, keys, types and values, NaN too."""
    found = unpack_report(pack_report(Report(infos=infos), [])).infos
    assert not differences(infos, found, "infos")
    assert list(found) == list(infos)
    assert [list(info) for info in found.values()] == [
        list(info) for info in infos.values()
    ]


@given(infos=alike(NUMBERS).filter(bool))
def test_numbers_become_columns(infos):
    columns = to_columns(infos)
    assert columns is not None
    assert not differences(infos, from_columns(columns), "infos")


@pytest.mark.parametrize(
    "infos",
    [
        {0: {"a": 1}, 1: {"b": 1}},
        {0: {"a": 1}, 1: {"a": 1.0}},
        {0: {"a": np.float64(1)}, 1: {"a": 1.0}},
        {0: {"a": "text"}},
        {0: {1: 2}},
        {0: {"a": np.zeros(2)}},
    ],
)
def test_others_do_not(infos):
    assert to_columns(infos) is None
