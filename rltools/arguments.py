"""Checks of arguments whose errors name the argument, the value and the expectation."""

import operator
from typing import Any

from rltools.errors import InvalidArgumentError


def check_integer(name: str, value: Any, *, at_least: int) -> int:
    """Check that an argument is an integer that is large enough.

    Args:
        name: Name of the argument, for the message.
        value: What was passed. Any integer type will do, but not a boolean.
        at_least: The smallest value that is allowed.

    Returns:
        The value as a Python `int`.

    Raises:
        InvalidArgumentError: It is not an integer or smaller than `at_least`.

    >>> check_integer("steps", 3, at_least=1)
    3
    """
    expected = f"expected {name} to be an integer of at least {at_least}"
    try:
        number = operator.index(value)
    except TypeError:
        number = None
    if number is None or isinstance(value, bool) or number < at_least:
        kind = type(value).__name__
        raise InvalidArgumentError(f"{expected}, got {value!r} ({kind}).")
    return number
