import numpy as np
import pytest

from examples.ppo.runs.scores import interquartile_mean


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([4.0], 4),
        ([3.0, 1.0, 2.0], 2),  # Too few to leave any out.
        ([-100.0, 2.0, 900.0, 4.0], 3),
        ([9.0, 1.0, 1.0, 2.0, 6.0, 9.0, -9.0, 4.0], 3.25),
    ],
)
def test_neither_the_best_nor_the_worst_quarter_counts(values, expected):
    assert interquartile_mean(values) == expected
    assert interquartile_mean(np.array(values)) == expected
