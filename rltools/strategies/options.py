"""Checks of the arguments of strategies."""

from typing import Any

from gymnasium import Space
from hypothesis.strategies import SearchStrategy

from rltools.errors import InvalidOptionError, InvalidSpaceError


def require_strategy(name: str, value: Any) -> None:
    """Check that an argument is a strategy.

    Args:
        name: Name of the argument.
        value: The value it was given.

    Raises:
        InvalidOptionError: It is something else.

    >>> require_strategy("leaves", 3)
    Traceback (most recent call last):
    ...
    rltools.errors.InvalidOptionError: Expected a strategy but got leaves=3 (type=int)
    """
    if not isinstance(value, SearchStrategy):
        raise InvalidOptionError(expectation("a strategy", name, value))


def require_integer(name: str, value: Any, *, minimum: int) -> None:
    """Check that an argument is a large enough integer.

    Args:
        name: Name of the argument.
        value: The value it was given.
        minimum: The smallest value that is allowed.

    Raises:
        InvalidOptionError: It is smaller, or not an integer.
    """
    is_integer = isinstance(value, int) and not isinstance(value, bool)
    if not is_integer or value < minimum:
        raise InvalidOptionError(
            expectation(f"an integer of at least {minimum}", name, value)
        )


def require_space(name: str, value: Any) -> None:
    """Check that an argument is a Gymnasium space.

    Args:
        name: Name of the argument.
        value: The value it was given.

    Raises:
        InvalidSpaceError: It is something else.
    """
    if not isinstance(value, Space):
        raise InvalidSpaceError(expectation("a Gymnasium space", name, value))


def expectation(expected: str, name: str, value: Any) -> str:
    """Word what was expected of an argument and what was found."""
    return f"Expected {expected} but got {name}={value!r} (type={type(value).__name__})"
