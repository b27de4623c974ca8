"""Finds the environment that a command line names."""

import importlib
import inspect
import os
import sys
from collections.abc import Callable
from difflib import get_close_matches
from functools import partial
from importlib.util import find_spec
from types import ModuleType
from typing import Any

import gymnasium as gym

from rltools.arguments import takes_arguments
from rltools.errors import InvalidArgumentError

_EXPECTED = (
    "expected module:name, such as my_package.envs:make, or what gymnasium.make takes, "
    "such as CartPole-v1"
)


def load_constructor(target: str) -> Callable[[], gym.Env]:
    """Find the constructor of an environment by its name.

    Args:
        target: `module:name` for a callable without arguments in a module that can be
            imported, also from the current folder; anything else is the name of an
            environment for `gymnasium.make`, such as `CartPole-v1` or
            `ale_py:ALE/Pong-v5`.

    Returns:
        The constructor.

    Raises:
        InvalidArgumentError: The module can't be imported, or has no such callable.

    >>> load_constructor("CartPole-v1")().action_space
    Discrete(2)
    """
    if is_gymnasium_name(target):
        _check_id(target)
        return partial(gym.make, target)
    value = load_callable(target, makes="an environment")
    if not takes_arguments(value):
        raise InvalidArgumentError(
            f"{target}: expected a callable without arguments that makes an "
            f"environment, got one of {inspect.signature(value)}."
        )
    return value


def load_callable(target: str, *, makes: str) -> Callable[..., Any]:
    """Find a callable by its name.

    Args:
        target: `module:name`; the module may be in the current folder.
        makes: What the callable makes, for the message.

    Raises:
        InvalidArgumentError: It is no such name, the module can't be imported, or has
            no such callable.
    """
    module, _, path = target.partition(":")
    if not all(name.isidentifier() for name in f"{module}.{path}".split(".")):
        raise InvalidArgumentError(
            f"{target!r}: expected module:name, such as my_package.envs:make."
        )
    if module.endswith(".py"):
        raise InvalidArgumentError(
            f"{target}: expected the name of a module, got that of a file; say "
            f"{module.removesuffix('.py')}:{path}."
        )
    value: Any = _import(module)
    for name in path.split("."):
        value = _get(value, name, target)
    if not callable(value):
        raise InvalidArgumentError(
            f"{target}: expected a callable that makes {makes}, got {value!r}."
        )
    return value


def make_env(target: str) -> gym.Env:
    """Make the environment that a command line names.

    Raises:
        InvalidArgumentError: As in `load_constructor`; or the constructor raised, which
            is the cause, or returned something else.
    """
    constructor = load_constructor(target)
    try:
        env = constructor()
    except gym.error.NameNotFound as error:
        raise InvalidArgumentError(
            f"{target} {_raised(error)}{_hint_at_module(target)}"
        ) from error
    except (Exception, SystemExit) as error:
        raise InvalidArgumentError(f"{target} {_raised(error)}") from error
    if not isinstance(env, gym.Env):
        raise InvalidArgumentError(
            f"{target}: expected it to return a gymnasium.Env, got {env!r}."
        )
    return env


def is_gymnasium_name(target: str) -> bool:
    """Whether a name is one for `gymnasium.make`, and not `module:name`.

    >>> is_gymnasium_name("CartPole-v1"), is_gymnasium_name("ale_py:ALE/Pong-v5")
    (True, True)
    >>> is_gymnasium_name("my_package.envs:make")
    False
    """
    _, colon, path = target.partition(":")
    return not (colon and all(name.isidentifier() for name in path.split(".")))


def _check_id(target: str) -> None:
    """Refuse names that Gymnasium would stumble over, or call an environment's."""
    module, colon, name = target.rpartition(":")
    _look_here()  # Its module may be here, too.
    is_module = all(part.isidentifier() for part in module.split("."))
    if not name or (colon and not is_module) or name.endswith(".py"):
        raise InvalidArgumentError(f"{target!r}: {_EXPECTED}.")


def _hint_at_module(target: str) -> str:
    """What to write instead, where a name is one of a module or in one."""
    for module in (target.rstrip("."), target.rpartition(".")[0]):
        try:
            is_module = bool(module) and find_spec(module) is not None
        except (ImportError, ValueError):
            continue
        if is_module:
            name = target[len(module) + 1 :] or "name"
            return f" To call what is in the module {module}, say {module}:{name}."
    return ""


def constructor_as_code(target: str) -> str:
    """The constructor as one would write it in Python.

    >>> constructor_as_code("CartPole-v1")
    "lambda: gymnasium.make('CartPole-v1')"
    >>> constructor_as_code("my_package.envs:make")
    'make'
    """
    if is_gymnasium_name(target):
        return f"lambda: gymnasium.make({target!r})"
    return target.partition(":")[2]


def _look_here() -> None:
    """Let modules of the current folder be found, as `python -m` does."""
    if (folder := os.getcwd()) not in sys.path:
        sys.path.insert(0, folder)


def _import(name: str) -> ModuleType:
    _look_here()
    try:
        return importlib.import_module(name)
    except (Exception, SystemExit) as error:
        if isinstance(error, ModuleNotFoundError) and error.name == name:
            reason = "there is no such module"
        else:
            reason = f"it {_raised(error)}"
        raise InvalidArgumentError(f"can't import {name!r}: {reason}") from error


def _get(value: Any, name: str, target: str) -> Any:
    try:
        return getattr(value, name)
    except AttributeError as error:
        close = get_close_matches(name, dir(value), n=1)
        hint = f", did you mean {close[0]!r}?" if close else "."
        raise InvalidArgumentError(f"{target}: there is no {name!r}{hint}") from error


def _raised(error: BaseException) -> str:
    return f"raised {type(error).__name__}: {error}"
