"""The instances of an environment under test: made, lent to checks, and closed."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import gymnasium as gym

from rltools.checks.check import tell_exception
from rltools.errors import InvalidArgumentError
from rltools.space_checks import describe


class Instances:
    """Makes as few environments as checks can do with, and closes all of them.

    Where only one may exist, it is lent to every check in turn. That is also what is
    left where `make` raises while another instance exists.

    Args:
        make: Callable without arguments that makes an environment.
        one: Whether only one may exist at a time.

    Attributes:
        problem: What `make` raised when it was asked for another instance, or None.
    """

    def __init__(self, make: Callable[[], Any], *, one: bool) -> None:
        self.problem: str | None = None
        self._make = make
        self._one = one
        self._main: gym.Env[Any, Any] | None = None
        self._used: gym.Env[Any, Any] | None = None

    @property
    def are_many(self) -> bool:
        """Whether several can exist at the same time, as far as is known."""
        return not self._one and self.problem is None

    def main(self) -> gym.Env[Any, Any]:
        """The instance that most checks look at."""
        if self._main is None:
            self._main = self._make_env()
        return self._main

    @contextlib.contextmanager
    def fresh(self) -> Iterator[gym.Env[Any, Any]]:
        """An instance that nobody has used, for the time of a block."""
        env = self._make_another()
        if env is None:
            yield self.main()
            return
        try:
            yield env
        finally:
            _close(env)

    @contextlib.contextmanager
    def used(self) -> Iterator[gym.Env[Any, Any]]:
        """One that others may have used before, and will use after the block."""
        env = self._take_used() or self._make_another()
        if env is None:
            yield self.main()
            return
        try:
            yield env
        except BaseException:
            _close(env)  # Nobody knows what state it is in.
            raise
        if (other := self._take_used()) is not None:
            _close(other)
        self._used = env

    @contextlib.contextmanager
    def last(self) -> Iterator[gym.Env[Any, Any]]:
        """One that nobody uses after the block."""
        env = self._take_used() or self._make_another() or self.main()
        try:
            yield env
        finally:
            if env is self._main:
                self._main = None
            _close(env)

    def close(self) -> None:
        """Close all; another one is made where it is needed again."""
        for env in (self._main, self._used):
            if env is not None:
                _close(env)
        self._main = self._used = None

    def _take_used(self) -> gym.Env[Any, Any] | None:
        env, self._used = self._used, None
        return env

    def _make_another(self) -> gym.Env[Any, Any] | None:
        """Make one beside that which exists; None if there can't be two."""
        if not self.are_many:
            return None
        self.main()
        try:
            return self._make_env()
        except (Exception, SystemExit) as error:
            self.problem = tell_exception(error)
            return None

    def _make_env(self) -> gym.Env[Any, Any]:
        env = self._make()
        if not isinstance(env, gym.Env):
            raise InvalidArgumentError(
                f"make: expected it to return a gymnasium.Env, got {describe(env)}."
            )
        return env


def _close(env: gym.Env[Any, Any]) -> None:
    with contextlib.suppress(Exception):  # A check of its own judges `close`.
        env.close()
