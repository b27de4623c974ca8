import numpy as np
import pytest

from rltools.checks.memory import count_bytes, overwrite, shared_parts

ARRAY = np.zeros((4, 3))
ITEMS = [1, 2]
INFO = {"a": 1}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (ARRAY, ARRAY, "x is the same object as x"),
        (ARRAY, ARRAY[1], "x shares its memory with x"),
        (ARRAY[::2], ARRAY[1:3], "x shares its memory with x"),
        (ARRAY[::2], ARRAY[1::2], ""),  # Between each other's rows.
        (ARRAY[:0], ARRAY[:0], ""),
        (ARRAY, ARRAY.copy(), ""),
        ((1, ARRAY), {"k": [ARRAY.T]}, "x['k'][0] shares its memory with x[1]"),
        (INFO, INFO, "x is the same object as x"),
        (INFO, dict(INFO), ""),
        ({"i": INFO}, {"i": INFO}, "x['i'] is the same object as x['i']"),
        ([ITEMS], (ITEMS,), "x[0] is the same object as x[0]"),
        ((1, "a", None), (1, "a", None), ""),
    ],
)
def test_tells_the_first_part_that_is_shared(old, new, expected):
    assert shared_parts({"x": old}, {"x": new}) == expected


def test_every_pair_is_looked_at():
    other = np.ones(3)
    found = shared_parts({"a": other, "b": ARRAY}, {"c": other.copy(), "d": ARRAY})
    assert found == "d is the same object as b"


def test_only_what_can_be_written_is_shared():
    constant = np.zeros(3)
    constant.flags.writeable = False
    assert shared_parts({"x": constant}, {"x": constant}) == ""
    view = ARRAY[:]
    view.flags.writeable = False  # Its base is not.
    assert shared_parts({"x": view}, {"x": view}) != ""


def test_overwrite_and_count():
    texts, numbers, flags = np.array(["a"]), np.zeros(3, np.uint8), np.zeros(2, bool)
    constant = np.zeros(2)
    constant.flags.writeable = False
    nest = (1, {"a": [numbers, texts]}, (flags, constant))
    assert count_bytes(nest) == 4 + 3 + 2
    overwrite(nest)
    np.testing.assert_array_equal(numbers, [113] * 3)
    assert flags.all()
    assert texts.tolist() == ["a"]
    assert constant.tolist() == [0, 0]
