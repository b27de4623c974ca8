"""The contract between a batch and an environment that works somewhere else."""

from abc import abstractmethod
from typing import Any

import gymnasium as gym

from rltools.process.promise import Promise


class PromisingEnv(gym.Env):
    """An environment whose calls can return before their work is done.

    A batch starts the calls of all such environments before it waits for any of them;
    it can't tell, and need not know, where they run.

    Attributes:
        index: What its errors call it; a batch sets its place there.
    """

    index: int

    @abstractmethod
    def reset(
        self,
        *,
        seed: int | None = None,
        options: dict[str, Any] | None = None,
        blocking: bool = True,
    ) -> Any:
        """Start a new episode; `(observation, info)` or, not blocking, its promise."""

    @abstractmethod
    def step(self, action: Any, blocking: bool = True) -> Any:
        """Take an action; Gymnasium's five values or, not blocking, their promise."""

    @abstractmethod
    def call(self, name: str, *args: Any, **kwargs: Any) -> Promise[Any]:
        """Call a public method of the environment; returns a promise of the result."""

    def check_free(self, *, to_reset: bool) -> None:
        """Check that nobody holds a promise of an earlier step or reset.

        Args:
            to_reset: Whether it is to be reset, which goes on from a promise that has
                timed out.

        Raises:
            PendingCallError: Somebody does, and could mix up what comes of it. An
                environment that does not keep track of promises never raises.
        """

    @abstractmethod
    def start_close(self) -> None:
        """Ask for the end without waiting for it, so that many can end together."""
