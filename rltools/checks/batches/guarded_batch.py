"""A batch whose calls end in time, and of which nothing is left in the end."""

import contextlib
import multiprocessing
from collections.abc import Callable, Collection, Iterator
from typing import Any

import gymnasium as gym

from rltools.checks.batches.time_limit import time_limit
from rltools.errors import RequestTimeoutError

_SECONDS_AFTER_A_HANG = 1.0  # Who hung once hangs again, when it is closed.
_SECONDS_TO_DIE = 5
_CALLS_TO_MAKE = 6  # As long as so many calls may it take to make a batch.


class GuardedBatch:
    """Makes a batch, calls it with a time limit, and closes it whatever happens.

    Args:
        make: Makes the batch.
        seconds: How long any call may take.
        extra_infos: Keys of infos to leave out, with their masks.

    Attributes:
        env: The batch itself, for what is no call.
        spoiled: Whether nobody should use it again, as what state it is in is unknown.

    Raises:
        RequestTimeoutError: Making it, or any other call, took too long.
        Exception: Whatever making it raised.
    """

    def __init__(
        self,
        make: Callable[[], gym.vector.VectorEnv],
        *,
        seconds: float,
        extra_infos: Collection[str] = (),
    ) -> None:
        self._seconds = seconds
        self._extra_infos = {name for key in extra_infos for name in (key, f"_{key}")}
        self._others = set(multiprocessing.active_children())
        self.spoiled = False
        try:
            with time_limit(_CALLS_TO_MAKE * seconds, "making the batch"):
                self.env = make()
        except BaseException:
            self._end_processes()
            raise

    def reset(self, **options: Any) -> Any:
        """Reset the batch."""
        return self._without_extra(self.call("reset", **options))

    def step(self, actions: Any, **options: Any) -> Any:
        """Step the batch."""
        return self._without_extra(self.call("step", actions, **options))

    def call(self, method: str, *args: Any, **options: Any) -> Any:
        """Call any method of the batch."""
        with self._limit(method):
            return getattr(self.env, method)(*args, **options)

    def limit(self, function: Callable[..., Any], *args: Any) -> Any:
        """Call a function that may take as long as a call of the batch."""
        with self._limit("it"):
            return function(*args)

    def must_raise(self, what: str, call: Callable[[], Any]) -> list[str]:
        """The violation where a call raises nothing, which spoils the batch, or none.

        Args:
            what: What is wrong with the call.
            call: Makes it.
        """
        try:
            self.limit(call)
        except RequestTimeoutError as error:
            found = f"{what}: expected an error, but {error}"
        except Exception:  # Which one is the batch's own choice.
            return []
        else:
            found = f"{what}: expected an error, got none"
        self.spoiled = True
        return [found]

    def close(self) -> None:
        """Close the batch, and end what processes of its are left.

        Raises:
            Exception: Whatever closing it raised.
        """
        try:
            with self._limit("close"):
                self.env.close()
        except BaseException:
            # Whose finalizer would try again.
            with contextlib.suppress(Exception):
                self.env.closed = True
            raise
        finally:
            self._end_processes()

    def _without_extra(self, result: Any) -> Any:
        if not self._extra_infos or not isinstance(result, tuple):
            return result
        *rest, infos = result
        if isinstance(infos, dict):
            infos = {k: v for k, v in infos.items() if k not in self._extra_infos}
        return *rest, infos

    @contextlib.contextmanager
    def _limit(self, call: str) -> Iterator[None]:
        try:
            with time_limit(self._seconds, call):
                yield
        except RequestTimeoutError:
            self._seconds = min(self._seconds, _SECONDS_AFTER_A_HANG)
            raise

    def _end_processes(self) -> None:
        for process in set(multiprocessing.active_children()) - self._others:
            process.kill()
            process.join(_SECONDS_TO_DIE)
