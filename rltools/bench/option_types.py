"""Types for the options of a command line, whose errors say what is expected."""

import argparse
import json
import math
from typing import Any


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


def mapping(text: str) -> dict[str, Any]:
    """A dict as JSON.

    Raises:
        argparse.ArgumentTypeError: It is not.

    >>> mapping('{"level": 3}')
    {'level': 3}
    """
    try:
        value = json.loads(text)
    except json.JSONDecodeError:
        value = None
    if isinstance(value, dict):
        return value
    example = """'{"level": 3}'"""
    raise argparse.ArgumentTypeError(
        f"expected an object of JSON, such as {example}, got {text!r}"
    )
