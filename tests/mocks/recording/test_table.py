"""Values come out of a table as they went in."""

import enum
import math
from collections import OrderedDict, UserDict, defaultdict, deque, namedtuple

import numpy as np
import pytest
from gymnasium.spaces import GraphInstance
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from rltools.errors import RecordingError
from rltools.mocks.recording.structure import MAX_DEPTH, MAX_ITEMS
from rltools.mocks.recording.table import Table, TableWriter

_SURROGATES = st.text(st.characters(exclude_categories=()))
_DTYPES = st.one_of(
    *[npst.boolean_dtypes(), npst.integer_dtypes(), npst.unsigned_integer_dtypes()],
    npst.floating_dtypes(sizes=(16, 32, 64)),
    npst.complex_number_dtypes(sizes=(64, 128)),
    *[npst.datetime64_dtypes(), npst.timedelta64_dtypes()],
    *[npst.byte_string_dtypes(max_len=3), npst.unicode_string_dtypes(max_len=3)],
    *[npst.integer_dtypes(endianness=">"), npst.floating_dtypes(endianness=">")],
)
_ARRAYS = npst.arrays(
    _DTYPES.filter(lambda dtype: dtype.itemsize <= 16 and dtype.char not in "gG"),
    npst.array_shapes(min_dims=0, min_side=0, max_side=3),
)
_LEAVES = st.one_of(
    *[st.none(), st.booleans(), st.integers(), st.floats(), st.complex_numbers()],
    *[st.text(), _SURROGATES, st.binary(), _ARRAYS],
    _ARRAYS.filter(lambda array: array.size).map(lambda array: array.flat[0]),
    st.text().map(np.str_),
    st.binary().map(np.bytes_),
)
_PLAIN_KEYS = st.one_of(
    *[st.none(), st.booleans(), st.integers(), st.floats(), _SURROGATES],
    npst.arrays(npst.scalar_dtypes().filter(lambda d: d.kind in "biu"), ()).map(
        lambda array: array[()]
    ),
)
_KEYS = st.one_of(_PLAIN_KEYS, st.tuples(_PLAIN_KEYS, _PLAIN_KEYS))
VALUES = st.recursive(
    _LEAVES,
    lambda parts: st.one_of(
        *[st.lists(parts, max_size=3), st.lists(parts, max_size=3).map(tuple)],
        st.dictionaries(_KEYS, parts, max_size=3),
        st.dictionaries(_KEYS, parts, max_size=3).map(OrderedDict),
        st.builds(GraphInstance, parts, parts, parts),
        st.integers(2, 5).flatmap(lambda n: parts.map(lambda part: [part] * n)),
    ),
    max_leaves=6,
)


def store(values):
    """A table that was read of what a table of these values has written."""
    writer = TableWriter()
    for index, value in enumerate(values):
        writer.append(value, f"values[{index}]")
    as_json = [_as_lists(structure) for structure in writer.structures()]
    return Table(as_json, writer.arrays())


def _as_lists(structure):
    if isinstance(structure, tuple):
        return [_as_lists(part) for part in structure]
    return structure


@given(st.lists(VALUES, max_size=4))
def test_round_trip(identical, values):
    table = store(values)
    assert len(table) == len(values)
    for row in reversed(range(len(values))):  # In any order.
        assert identical(table[row], values[row])


_NAN_WITH_A_MESSAGE = np.array([0x7FF8_0000_DEAD_BEEF], np.uint64).view(np.float64)[0]


@pytest.mark.parametrize(
    "value",
    [
        *[0.0, -0.0, math.nan, -math.nan, math.inf, -math.inf, 5e-324],
        *[True, np.True_, 1, np.int8(1), 1.0, np.float32(1), np.float64(1)],
        *[2**63 - 1, 2**63, -(2**63), -(2**63) - 1, 10**5000, -(10**5000), 255, -256],
        *[_NAN_WITH_A_MESSAGE, float(_NAN_WITH_A_MESSAGE), np.float16("nan")],
        *["", "\0", "a\0", "\ud800", "🐍", np.str_("a\0"), np.bytes_(b"a\0"), b""],
        np.array([_NAN_WITH_A_MESSAGE, -0.0]),
        np.array([0.1, -0.0, np.nan, np.inf], np.float16),
        *[np.zeros(()), np.zeros((0, 3), np.int8), np.array(["ab", ""]), np.array(b"")],
        np.array(["NaT", "2020-01-01"], "M8[25s]"),
        np.timedelta64(3),
        np.arange(6, dtype=">f4").reshape(2, 3).T,
        np.arange(24).reshape(2, 3, 4)[:, ::-1, ::2],
        *[[], (), {}, [()], ([],), [[1, 2.0], [1, 2.0]], [1, True, 1, None]],
        {1: "a", True if False else 2: "b", "1": "c", 1.5: "d", None: "e"},
        {np.int64(1): 1, (1, ("a", None)): 2, -0.0: 3, 10**5000: 4},
        {"b": 1, "a": 2},
        OrderedDict(b=1, a=2),
        [None] * 1000,
        GraphInstance(np.zeros((2, 3)), None, None),
    ],
    ids=lambda value: type(value).__name__,
)
def test_special_values(identical, value):
    result = store([value, 3, value])[2]
    assert identical(result, value)
    if isinstance(result, np.ndarray):
        assert result.flags.writeable
        assert result.flags.c_contiguous


def test_values_are_copies():
    array = np.zeros(3)
    nested = {"a": [array]}
    table = store([nested, nested])
    array += 1
    first, second, again = table[0], table[1], table[0]
    assert not np.shares_memory(first["a"][0], second["a"][0])
    assert not np.shares_memory(first["a"][0], again["a"][0])
    first["a"][0][:] = 5  # Can be written.
    assert np.array_equal(table[0]["a"][0], [0, 0, 0])
    assert table[0]["a"] is not table[0]["a"]


def test_structures_are_shared():
    writer = TableWriter()
    for index in range(100):
        writer.append({"a": [index] * 50, "b": np.full((2, 3), index)}, "info")
    assert len(writer.structures()) == 1
    assert len(str(writer.structures())) < 150
    assert sorted(writer.arrays()) == ["int64", "rows"]


class _Color(enum.IntEnum):
    RED = 1


_Pair = namedtuple("_Pair", "a b")


@pytest.mark.parametrize(
    ("value", "named"),
    [
        (object(), "a builtins.object"),
        ({1, 2}, "a builtins.set"),
        (_Color.RED, "._Color"),
        (_Pair(1, 2), "._Pair"),
        (defaultdict(int), "a collections.defaultdict"),
        (UserDict(), "UserDict"),
        (deque([1]), "a collections.deque"),
        (lambda: None, "a builtins.function"),
        (np.ma.zeros(3), "MaskedArray"),
        (np.array([None]), "dtype object"),
        (np.zeros(3, np.longdouble), "dtype float128"),
        (np.longdouble(1), "dtype float128"),
        (np.zeros(2, "i4,f4"), "dtype [('f0', '<i4'), ('f1', '<f4')]"),
        (np.zeros(2, "i4,f4")[0], "dtype [('f0', '<i4'), ('f1', '<f4')]"),
        (np.ndarray((2,), "U0"), "dtype <U0"),
        (bytearray(b"1"), "a builtins.bytearray"),
        (range(3), "a builtins.range"),
    ],
    ids=lambda value: f"{type(value).__name__}",
)
def test_what_cannot_be_recorded_is_named(value, named):
    nested = {"fine": 1, "sim": [(0, value)]}
    with pytest.raises(RecordingError) as caught:
        TableWriter().append(nested, "info")
    assert str(caught.value).startswith("info['sim'][0][1]: can't record ")
    assert named in str(caught.value)
    graph = GraphInstance(np.zeros(2), value, None)
    with pytest.raises(RecordingError, match=r"^observation\.edges: can't record"):
        TableWriter().append(graph, "observation")


@pytest.mark.parametrize("key", [b"a", frozenset(), np.str_("a"), ("a", b"a"), _Color])
def test_keys_that_cannot_be_recorded(key):
    with pytest.raises(RecordingError) as caught:
        TableWriter().append({"a": {key: 1}}, "info")
    assert str(caught.value).startswith(f"info['a'][{key!r}]: can't record the key ")


def test_nesting_has_an_end():
    nested = value = []
    for _ in range(MAX_DEPTH - 1):
        value.append([])
        value = value[0]
    assert store([nested])[0] == nested
    value.append([])
    with pytest.raises(RecordingError, match=f"more than {MAX_DEPTH} levels"):
        store([nested])
    itself = {}
    itself["a"] = itself
    with pytest.raises(RecordingError, match="does it contain itself"):
        store([itself])


def test_length_has_an_end():
    with pytest.raises(RecordingError, match=r"^values\[0\]\['a'\]: .*1,000,000"):
        store([{"a": [None] * (MAX_ITEMS + 1)}])


def test_length_is_counted_in_all_levels():
    few, many = [[None] * 997] * 1000, [[None] * 1000] * 1000
    assert store([few])[0] == few
    with pytest.raises(RecordingError, match=r"1,000,000 values .* got 1,001,001$"):
        store([many])


def test_keys_may_be_nested_at_any_level(identical):
    key = value = 1
    for _ in range(MAX_DEPTH // 2):
        key = (key,)
    value = {key: value}
    for _ in range(MAX_DEPTH - 2):
        value = [value]
    assert identical(store([value])[0], value)


def test_a_value_that_cannot_be_recorded_leaves_no_trace(identical):
    writer = TableWriter()
    writer.append([1, "a"], "x")
    with pytest.raises(RecordingError):
        writer.append([2, "b", object()], "x")
    writer.append([3, "c"], "x")
    table = Table([_as_lists(each) for each in writer.structures()], writer.arrays())
    assert len(table) == 2
    assert identical(table[1], [3, "c"])


@given(st.lists(st.lists(st.integers(0, 3).map(lambda n: [n] * n), max_size=4)))
@example([[]])
def test_rows_of_any_length(values):
    table = store(values)
    assert [table[row] for row in range(len(table))] == values


ROWS = np.zeros(1, "<u4")


@pytest.mark.parametrize(
    ("structure", "streams", "reason"),
    [
        ("int", {}, "stream 'int64' is too short"),
        ("int", {"int64": [1, 2]}, "stream 'int64' has 2 elements, its rows have 1"),
        ("none", {"float32": [1]}, "stream 'float32' has 1 elements, its rows have 0"),
        (["array", "<f4", [2**47]], {}, "stream 'float32' is too short"),
        (["array", "<f4", [2**20] * 5], {}, "stream 'float32' is too short"),
        ("str", {"bytes": [65]}, "its parts have 0 bytes, not 1"),
        ("str", {"bytes": [65], "sizes": [2]}, "a part has a size that can't be"),
        (
            ["list", [[2, "str"]]],
            {"bytes": [65], "sizes": [2, -1]},
            "a part has a size that can't be",
        ),
        (
            ["list", [[3, "str"]]],
            {"bytes": [65, 66, 67], "sizes": [3, -2, 2]},
            "a part has a size that can't be",
        ),
        ("str", {"bytes": [65], "sizes": [0]}, "its parts have 0 bytes, not 1"),
        ("none", {"float128": [1]}, "there is no stream 'float128'"),
    ],
)
def test_streams_that_do_not_fit(structure, streams, reason):
    dtypes = {"bytes": "u1", "sizes": "<i8", "int64": "<i8", "float32": "<f4"}
    arrays = {key: np.array(each, dtypes.get(key)) for key, each in streams.items()}
    with pytest.raises(RecordingError, match=reason):
        Table([structure], {"rows": ROWS, **arrays})


def test_rows_that_do_not_fit():
    with pytest.raises(RecordingError, match="a structure that there isn't"):
        Table(["none"], {"rows": ROWS + 1})
    with pytest.raises(RecordingError, match="'rows' is missing"):
        Table(["none"], {})
    for rows in (np.zeros((1, 1), "<u4"), np.zeros(1, "<i4")):
        with pytest.raises(RecordingError, match="'rows': expected one dimension of"):
            Table(["none"], {"rows": rows})


@pytest.mark.parametrize(
    ("structure", "content"),
    [
        (["array", "<U1", [1]], b"12345678"),
        (["array", "<U1", [2]], b"1234"),
        (["scalar", ">f4"], b"12345678"),
        ("str", b"\xff"),
        (["dict", [[["int", "text"], "bytes"]]], b""),
        (["dict", [[["float", "00"], "bytes"]]], b""),
        (["dict", [[["<f4", "00"], "bytes"]]], b""),
    ],
)
def test_rows_that_cannot_be_read(structure, content):
    sizes = np.array([len(content)], "<i8")
    arrays = {"rows": ROWS, "sizes": sizes, "bytes": np.frombuffer(content, "u1")}
    table = Table([structure], arrays)
    with pytest.raises(RecordingError):
        table[0]
