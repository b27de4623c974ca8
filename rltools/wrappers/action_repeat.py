"""Take every action several times."""

from typing import Any, SupportsFloat

import gymnasium as gym
from gymnasium.utils import RecordConstructorArgs

from rltools.arguments import check_integer


class ActionRepeat(gym.Wrapper, RecordConstructorArgs):
    """Repeat every action, or until the episode ends.

    One step here is up to `amount` steps of the environment. The observations between
    are dropped.

    Args:
        env: The environment to wrap.
        amount: How often to take each action, at least 1.

    Raises:
        InvalidArgumentError: `amount` is not an integer of at least 1.
    """

    def __init__(self, env: gym.Env, amount: int) -> None:
        self._amount = check_integer("amount", amount, at_least=1)
        RecordConstructorArgs.__init__(self, amount=self._amount)
        gym.Wrapper.__init__(self, env)

    def step(
        self, action: Any
    ) -> tuple[Any, SupportsFloat, bool, bool, dict[str, Any]]:
        """Take an action up to `amount` times.

        Args:
            action: An element of the action space.

        Returns:
            Observation, flags and info of the last step that was taken, and the sum of
            the rewards of all of them.
        """
        total = 0.0
        for _ in range(self._amount):
            observ, reward, terminated, truncated, info = self.env.step(action)
            total += float(reward)
            if terminated or truncated:
                break
        return observ, total, terminated, truncated, info
