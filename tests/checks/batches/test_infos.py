"""Infos of a batch against those of its environments."""

import numpy as np
import pytest

from rltools.batching.infos import stack_infos
from rltools.checks.batches.infos import info_differences

INFOS = [
    {"lives": 3, "arm": {"angle": 0.5, "ids": np.arange(2)}, "name": "a"},
    {"lives": 4, "arm": {"angle": 1.5, "ids": np.arange(2) + 1}, "name": None},
    {"wet": True},
]


def stacked():
    return stack_infos(dict(enumerate(INFOS)), 3)


def lines(got, expected=INFOS):
    return list(info_differences(expected, got, "info"))


def test_equal_ones():
    assert lines(stacked()) == []
    assert lines({}, [{}, {}]) == []


@pytest.mark.parametrize("dtype", [np.int32, np.float64, object])
def test_any_dtype_that_holds_the_values(dtype):
    infos = stacked()
    infos["lives"] = infos["lives"].astype(dtype)
    assert lines(infos) == []


def test_nan_equals_nan():
    nan = [{"loss": float("nan")}]
    assert lines(stack_infos({0: {"loss": np.float32("nan")}}, 1), nan) == []
    assert lines(stack_infos({0: {"loss": 0.0}}, 1), nan)
    assert lines(stack_infos({0: {"loss": float("nan")}}, 1), [{"loss": 0.0}])


def test_value():
    infos = stacked()
    infos["lives"][1] = 3
    [line] = lines(infos)
    assert line == "info['lives'][1]: expected 4 (int), got np.int64(3) (int64)"


def test_nested_value():
    infos = stacked()
    infos["arm"]["ids"][1, 1] = 7
    [line] = lines(infos)
    assert line.startswith("info['arm']['ids'][1][1]: expected 2, got 7")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda i: i.pop("lives"), "info['lives']: expected entries for environments"),
        (
            lambda i: i.pop("_lives"),
            "info['_lives']: expected a boolean mask, got None",
        ),
        (lambda i: i["_lives"].__setitem__(2, True), "info['_lives']: expected [True,"),
        (lambda i: i.update(_lives=[True, True, False]), "expected a boolean mask"),
        (lambda i: i.update(_lives=np.ones(2, bool)), "info['_lives']: expected [True"),
        (lambda i: i.update(more=np.zeros(3)), "info['more']: expected nothing, got"),
        (lambda i: i.update(lives=np.zeros(2)), "info['lives']: expected 3 entries"),
        (lambda i: i.update(lives=3), "info['lives']: expected 3 entries, got 3 (int)"),
        (lambda i: i.update(lives={}), "info['lives']: expected entries such as 3"),
        (lambda i: i["arm"].pop("ids"), "info['arm']['ids']: expected entries for"),
        (lambda i: i.update(name=np.array(["a", "b", None])), "info['name'][1]: "),
    ],
)
def test_one_thing_that_is_wrong(change, message):
    infos = stacked()
    change(infos)
    [line] = lines(infos)
    assert message in line


def test_no_dict():
    assert lines([{}]) == ["info: expected a dict, got [{}] (list)"]
