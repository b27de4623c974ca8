"""Truncate episodes that last too long."""

from typing import Any, SupportsFloat

import gymnasium as gym
from gymnasium.envs.registration import EnvSpec
from gymnasium.utils import RecordConstructorArgs
from gymnasium.wrappers import TimeLimit

from rltools.arguments import check_integer
from rltools.errors import ResetNeededError


class LimitDuration(TimeLimit):
    """Truncate every episode after a number of steps.

    At the limit `truncated` is set and `terminated` stays what the environment says,
    so both can be set. This is Gymnasium's `TimeLimit`, except that stepping on after
    the limit is an error, and that `spec` records this wrapper in its place: the limit
    counts the steps of whatever it is wrapped around, also when recreated from there.

    Args:
        env: The environment to wrap.
        duration: Number of steps of the longest episodes, at least 1.

    Raises:
        InvalidArgumentError: `duration` is not an integer of at least 1.
    """

    def __init__(self, env: gym.Env, duration: int) -> None:
        self._duration = check_integer("duration", duration, at_least=1)
        RecordConstructorArgs.__init__(self, duration=self._duration)
        TimeLimit.__init__(self, env, self._duration)

    def step(
        self, action: Any
    ) -> tuple[Any, SupportsFloat, bool, bool, dict[str, Any]]:
        """Take a step, and truncate the episode if it was the last one allowed.

        Args:
            action: An element of the action space.

        Returns:
            Tuple of observation, reward, terminated, truncated and info.

        Raises:
            ResetNeededError: There was no reset yet or the limit was reached before.
        """
        elapsed: int | None = self._elapsed_steps
        if elapsed is None:
            raise ResetNeededError("Cannot step before the first reset.")
        if elapsed >= self._duration:
            raise ResetNeededError(
                f"The episode reached its limit of {self._duration} steps: "
                "call reset first."
            )
        return super().step(action)

    @property
    def spec(self) -> EnvSpec | None:  # type: ignore[override]
        """Specification of the environment with this wrapper recorded in it."""
        # TimeLimit sets the limit of the innermost environment there, which is another
        # limit wherever a wrapper between changes what a step is.
        return super(TimeLimit, self).spec
