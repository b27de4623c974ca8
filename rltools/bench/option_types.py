"""Types for the options of a command line, whose errors say what is expected."""

import argparse
import math


def count(text: str) -> int:
    """An integer of at least 1.

    Raises:
        argparse.ArgumentTypeError: It is not.
    """
    if text.isascii() and text.isdecimal() and int(text) >= 1:
        return int(text)
    raise argparse.ArgumentTypeError(f"expected an integer of at least 1, got {text!r}")


def seed(text: str) -> int:
    """An integer of at least 0.

    Raises:
        argparse.ArgumentTypeError: It is not.
    """
    if text.isascii() and text.isdecimal():
        return int(text)
    raise argparse.ArgumentTypeError(f"expected an integer of at least 0, got {text!r}")


def seconds(text: str) -> float:
    """A time above zero.

    Raises:
        argparse.ArgumentTypeError: It is not, or not finite.
    """
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if 0 < value < math.inf:
        return value
    raise argparse.ArgumentTypeError(f"expected seconds above zero, got {text!r}")
