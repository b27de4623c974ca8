"""What all environments of this package are strict about: order, actions, seeds."""

from abc import abstractmethod
from typing import Any

import gymnasium as gym

from rltools.arguments import check_integer
from rltools.errors import ClosedError, InvalidActionError, ResetNeededError
from rltools.space_checks import explain_mismatch


class StrictEnvironment(gym.Env[Any, Any]):
    """Refuses what an environment must not be asked for; subclasses do the rest.

    A call that is refused changes nothing.
    """

    # Of the running episode, or of the last one: its number from 0, and its steps.
    _episode = -1
    _elapsed = 0
    _running = False
    _closed = False

    @abstractmethod
    def _begin(
        self, seed: int | None, options: dict[str, Any] | None
    ) -> tuple[Any, dict[str, Any]]:
        """Begin an episode; the generator has the seed, if there is one, already."""

    @abstractmethod
    def _advance(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """Take a step of the running episode; `_elapsed` does not count it yet."""

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Start an episode, also in the middle of another one.

        Args:
            seed: Restarts what is random, see the class; None continues it.
            options: Ignored, unless the class says otherwise.

        Returns:
            Tuple of the first observation and the info.

        Raises:
            ClosedError: The environment was closed.
            InvalidArgumentError: The seed is not an integer of at least 0.
        """
        self._check_open("reset")
        if seed is not None:
            seed = check_integer("seed", seed, at_least=0)
        self._seed_generator(seed)
        first = self._begin(seed, options)
        self._episode += 1
        self._elapsed = 0
        self._running = True
        return first

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """Take one step of the running episode.

        Args:
            action: An element of the action space.

        Returns:
            Tuple of observation, reward, terminated, truncated and info.

        Raises:
            ClosedError: The environment was closed.
            InvalidActionError: The action is not in the action space.
            ResetNeededError: There was no reset yet or the episode has ended.
        """
        self._check_open("step")
        if not self._running:
            raise ResetNeededError(
                "Cannot step before the first reset."
                if self._episode < 0
                else f"Cannot step after the end of episode {self._episode} "
                f"({self._elapsed} steps): call reset first."
            )
        if problem := explain_mismatch(self.action_space, action, "action"):
            raise InvalidActionError(problem)
        result = self._advance(action)
        self._elapsed += 1
        self._running = not (result[2] or result[3])
        return result

    def close(self) -> None:
        """End the environment's life; closing twice is allowed."""
        self._closed = True

    def _check_open(self, verb: str) -> None:
        if self._closed:
            raise ClosedError(f"Cannot {verb} a closed environment.")

    def _seed_generator(self, seed: int | None) -> None:
        gym.Env.reset(self, seed=seed)
