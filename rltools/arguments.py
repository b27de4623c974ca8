"""Checks of arguments whose errors name the argument, the value and the expectation."""

import inspect
import operator
import os
import tempfile
from pathlib import Path
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


def check_flag(name: str, value: Any) -> bool:
    """Check that an argument is True or False; returns it.

    Raises:
        InvalidArgumentError: It is something else.
    """
    if not isinstance(value, bool):
        kind = type(value).__name__
        raise InvalidArgumentError(
            f"expected {name} to be True or False, got {value!r} ({kind})."
        )
    return value


def check_callable(name: str, value: Any) -> None:
    """Check that an argument can be called.

    Raises:
        InvalidArgumentError: It can't.
    """
    if not callable(value):
        kind = type(value).__name__
        raise InvalidArgumentError(
            f"expected {name} to be callable, got {value!r} ({kind})."
        )


def takes_arguments(function: Any, *arguments: Any) -> bool:
    """Whether a callable can be called so; True where it does not tell.

    >>> takes_arguments(lambda: None), takes_arguments(lambda path: None)
    (True, False)
    """
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # Some callables of other languages have none.
        return True
    try:
        signature.bind(*arguments)
    except TypeError:
        return False
    return True


def check_constructor(name: str, value: Any) -> None:
    """Check that an argument can be called without arguments.

    Raises:
        InvalidArgumentError: It can't.
    """
    if callable(value) and takes_arguments(value):
        return
    found = f"{value!r} ({type(value).__name__})"
    if callable(value):
        found = f"{value!r}, which needs {inspect.signature(value)}"
    raise InvalidArgumentError(
        f"{name}: expected a callable without arguments that makes a new environment "
        f'each time, such as lambda: gym.make("CartPole-v1"), got {found}.'
    )


def check_positive(name: str, value: Any) -> None:
    """Check that an argument is a number above zero.

    Raises:
        InvalidArgumentError: It is not.
    """
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not value > 0:
        kind = type(value).__name__
        raise InvalidArgumentError(
            f"expected {name} to be a positive number, got {value!r} ({kind})."
        )


def check_path(name: str, value: Any) -> Path:
    """Check that an argument is the name of a file or folder.

    Args:
        name: Name of the argument, for the message.
        value: What was passed; a text or a path object.

    Returns:
        The absolute path.

    Raises:
        InvalidArgumentError: It is something else, or empty.
    """
    path = value.__fspath__() if isinstance(value, os.PathLike) else value
    if not isinstance(path, str) or not path or "\0" in path:
        kind = type(value).__name__
        raise InvalidArgumentError(
            f"expected {name} to be a path, got {value!r} ({kind})."
        )
    return Path(path).absolute()


def check_not_negative(name: str, value: Any) -> float:
    """Check that an argument is a number of at least zero; returns it.

    Raises:
        InvalidArgumentError: It is not.
    """
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not value >= 0:
        kind = type(value).__name__
        raise InvalidArgumentError(
            f"expected {name} to be a number of at least 0, got {value!r} ({kind})."
        )
    return value


def check_strings(name: str, value: Any) -> tuple[str, ...]:
    """Check that an argument is a list, tuple or set of strings; returns a tuple.

    Raises:
        InvalidArgumentError: It is not, such as a single string.

    >>> check_strings("ignore", ["a", "b"])
    ('a', 'b')
    """
    is_collection = isinstance(value, list | tuple | set | frozenset)
    if not is_collection or not all(isinstance(each, str) for each in value):
        kind = type(value).__name__
        raise InvalidArgumentError(
            f"expected {name} to be a list of strings, got {value!r} ({kind})."
        )
    return tuple(value)


def check_writable(name: str, folder: Path) -> None:
    """Check that files can be made in a folder, which is made if it is missing.

    Args:
        name: Name of the argument, for the message.
        folder: The folder.

    Raises:
        InvalidArgumentError: The folder or a file in it can't be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return
    except OSError as error:
        raise InvalidArgumentError(
            f"expected {name} to be a folder that can be written, got {str(folder)!r} "
            f"({error})."
        ) from error


def check_worker_options(
    threads: int | None, timeout: float | None, restarts: int
) -> dict[str, Any]:
    """Check the options of a worker; returns them by name.

    Raises:
        InvalidArgumentError: One of them is out of its range.
    """
    if threads is not None:
        threads = check_integer("threads", threads, at_least=1)
    if timeout is not None:
        check_positive("timeout", timeout)
    restarts = check_integer("restarts", restarts, at_least=0)
    return {"threads": threads, "timeout": timeout, "restarts": restarts}
