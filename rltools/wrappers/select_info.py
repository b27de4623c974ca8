"""Leave out what nobody reads of the infos."""

from collections.abc import Iterable
from typing import Any, SupportsFloat

import gymnasium as gym
from gymnasium.utils import RecordConstructorArgs

from rltools.errors import InvalidArgumentError


class SelectInfo(gym.Wrapper, RecordConstructorArgs):
    """Keep some entries of the infos of `reset` and `step`, by default none.

    A step whose info is empty needs no message from a worker process to the batch, and
    a batch has nothing to stack. Many environments, such as those of MuJoCo, have an
    info in every step that few programs read.

    Args:
        env: The environment to wrap.
        keys: The entries to keep, where an info has them.

    Raises:
        InvalidArgumentError: `keys` are not strings, or are a single one.
    """

    def __init__(self, env: gym.Env, keys: Iterable[str] = ()) -> None:
        if isinstance(keys, str) or not isinstance(keys, Iterable):
            raise InvalidArgumentError(f"keys: expected several strings, got {keys!r}.")
        self._keys = tuple(keys)
        for key in self._keys:
            if not isinstance(key, str):
                raise InvalidArgumentError(f"keys: expected strings, got {key!r}.")
        RecordConstructorArgs.__init__(self, keys=self._keys)
        gym.Wrapper.__init__(self, env)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Start an episode.

        Args:
            seed: Passed on to the environment.
            options: Passed on to the environment.

        Returns:
            Tuple of the observation and what is kept of the info.
        """
        observ, info = self.env.reset(seed=seed, options=options)
        return observ, self._select(info)

    def step(
        self, action: Any
    ) -> tuple[Any, SupportsFloat, bool, bool, dict[str, Any]]:
        """Take a step.

        Args:
            action: Passed on to the environment.

        Returns:
            Tuple of observation, reward, terminated, truncated and what is kept of the
            info.
        """
        observ, reward, terminated, truncated, info = self.env.step(action)
        return observ, reward, terminated, truncated, self._select(info)

    def _select(self, info: Any) -> Any:
        # What is not a dict is for others to complain about.
        if not isinstance(info, dict):
            return info
        return {key: info[key] for key in self._keys if key in info}
