import argparse

import pytest

from rltools.bench.option_types import count, seconds


def test_values():
    assert (count("1"), count("32")) == (1, 32)
    assert (seconds("0.5"), seconds("2"), seconds("1e-3")) == (0.5, 2.0, 0.001)


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "x", "", "٣", "1e3", " 1"])
def test_no_counts(text):
    with pytest.raises(argparse.ArgumentTypeError, match="expected an integer of at"):
        count(text)


@pytest.mark.parametrize("text", ["0", "-1", "nan", "inf", "x", ""])
def test_no_times(text):
    with pytest.raises(argparse.ArgumentTypeError, match="expected seconds above zero"):
        seconds(text)
