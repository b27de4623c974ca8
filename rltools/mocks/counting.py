"""An environment whose observations say which they are."""

from typing import Any

import numpy as np
from gymnasium import spaces

from rltools.arguments import check_integer
from rltools.errors import InvalidArgumentError
from rltools.mocks.strict_environment import StrictEnvironment

_LARGEST = 2**31 - 1
_ACTIONS = 1000


class CountingEnvironment(StrictEnvironment):
    """Counts, so that whatever a batch mixes up shows in the data.

    - Observations are int64 arrays `[env_index, episode, step]`, where the reset is
      step 0.
    - The reward shows the same numbers in decimal digits: that of environment 3 at step
      7 of episode 2 is 30207.0. Episode and step count modulo 100 there.
    - Infos have `"env"`, `"episode"`, `"step"` and `"seed"` (-1 without one), and those
      of steps the `"action"`, which is an integer below 1000.
    - An episode has `1 + (env_index + 2 * episode + seed) % max_duration` steps, and
      ends by truncation if `env_index + episode` is odd, by termination otherwise.

    A seed counts for all episodes until the next one, and the episode that begins with
    it is number 0 again. Nothing is random; `expected` says what must be returned.

    Args:
        env_index: The number of this environment, from 0.
        max_duration: Number of steps of the longest episodes.

    Raises:
        InvalidArgumentError: A number is not an integer or too small.
    """

    def __init__(self, env_index: int = 0, *, max_duration: int = 7) -> None:
        self._env_index = check_integer("env_index", env_index, at_least=0)
        self._max_duration = check_integer("max_duration", max_duration, at_least=1)
        self.observation_space = spaces.Box(0, _LARGEST, (3,), np.int64)
        self.action_space = spaces.Discrete(_ACTIONS)
        self._seed: int | None = None
        self._first_episode = 0  # The number, counted from the start, of episode 0.

    @staticmethod
    def duration(
        env_index: int, episode: int, *, seed: int | None = None, max_duration: int = 7
    ) -> int:
        """The number of steps of an episode.

        Args:
            env_index: The number of the environment.
            episode: The number of the episode, from 0, since the last seed.
            seed: The last seed; None if there was none.
            max_duration: As in the constructor.
        """
        return 1 + (env_index + 2 * episode + (seed or 0)) % max_duration

    @staticmethod
    def expected(
        env_index: int,
        episode: int,
        step: int,
        *,
        action: int | None = None,
        seed: int | None = None,
        max_duration: int = 7,
    ) -> tuple[Any, ...]:
        """What a reset or step must return.

        Args:
            env_index: The number of the environment.
            episode: The number of the episode, from 0, since the last seed.
            step: The number of the step, from 1; 0 for the reset.
            action: The action of the step; not needed for the reset.
            seed: The last seed; None if there was none.
            max_duration: As in the constructor.

        Returns:
            Tuple of observation and info for the reset; of observation, reward,
            terminated, truncated and info for a step.

        Raises:
            InvalidArgumentError: The episode has no such step.

        >>> from rltools.mocks import CountingEnvironment
        >>> observ, reward, *_ = CountingEnvironment.expected(3, 2, 1)
        >>> observ.tolist(), reward
        ([3, 2, 1], 30201.0)
        """
        last = CountingEnvironment.duration(
            env_index, episode, seed=seed, max_duration=max_duration
        )
        if not 0 <= step <= last:
            raise InvalidArgumentError(
                f"expected step to be from 0 to {last} in episode {episode} of "
                f"environment {env_index}, got {step}."
            )
        observ = np.array([env_index, episode, step], np.int64)
        info: dict[str, Any] = {"env": env_index, "episode": episode, "step": step}
        info["seed"] = -1 if seed is None else seed
        if step == 0:
            return observ, info
        info["action"] = action
        reward = float(10_000 * env_index + 100 * (episode % 100) + step % 100)
        # Integers of NumPy would make it flags of NumPy.
        is_truncated = bool((env_index + episode) % 2 == 1)
        ends = bool(step == last)
        return observ, reward, ends and not is_truncated, ends and is_truncated, info

    def _begin(
        self, seed: int | None, options: dict[str, Any] | None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        following = self._episode + 1
        if seed is not None:
            self._seed = seed
            self._first_episode = following
        observ, info = self._expected(following, 0)
        return observ, info

    def _advance(
        self, action: Any
    ) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        observ, reward, terminated, truncated, info = self._expected(
            self._episode, self._elapsed + 1, action=int(action)
        )
        return observ, reward, terminated, truncated, info

    def _expected(self, episode: int, step: int, **options: Any) -> tuple[Any, ...]:
        return self.expected(
            self._env_index,
            episode - self._first_episode,
            step,
            seed=self._seed,
            max_duration=self._max_duration,
            **options,
        )
