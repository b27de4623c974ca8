import dataclasses
import random

import numpy as np
import pytest

from benchmarks.resume import Moment, Outcome

OUTCOME = Outcome(
    tensors={"weights": np.array([1.0, 0.0], np.float32), "count": np.array(3)},
    curves=[("train", "kl", 1, b"a"), ("train", "kl", 2, b"b")],
    rest={"phases": {"train": {"sum": 0.0}}, "checkpoints": ["checkpoint-1"]},
)


def test_equal_outcomes_do_not_differ():
    tensors = {name: each.copy() for name, each in OUTCOME.tensors.items()}
    assert OUTCOME.differences(dataclasses.replace(OUTCOME, tensors=tensors)) == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"tensors": {"count": np.array(3)}}, ["tensor weights"]),
        (
            {"tensors": OUTCOME.tensors | {"weights": np.array([1, -0.0], np.float32)}},
            ["tensor weights"],
        ),
        (
            {"tensors": OUTCOME.tensors | {"count": np.array(3, np.uint64)}},
            ["tensor count"],
        ),
        ({"tensors": OUTCOME.tensors | {"more": np.array(1)}}, ["tensor more"]),
        ({"curves": OUTCOME.curves[:1]}, ["curves (2 and 1 values)"]),
        ({"curves": OUTCOME.curves[::-1]}, ["curves (2 and 2 values)"]),
        ({"rest": OUTCOME.rest | {"phases": {}}}, ["phases"]),
    ],
)
def test_every_difference_is_named(changes, expected):
    other = dataclasses.replace(OUTCOME, **changes)
    assert OUTCOME.differences(other) == expected


def test_moments_are_of_three_kinds():
    in_save, at_write, anytime = (
        Moment.draw(kind, random.Random(0)) for kind in range(3)
    )
    assert in_save.since_save
    assert not at_write.since_save
    assert at_write.changes > 0
    assert anytime.seconds > 0
