"""Show what changed since the previous observation."""

from typing import Any, SupportsFloat

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from gymnasium.utils import RecordConstructorArgs

from rltools.errors import InvalidSpaceError, ResetNeededError
from rltools.wrappers.box_checks import observation_array, require_box


class FrameDelta(gym.Wrapper, RecordConstructorArgs):
    """Observe the difference between the current and the previous frame.

    The first observation of an episode is zero, as if the first frame had been there
    before. The bounds become low - high to high - low. Floats keep their dtype. Integer
    frames give the narrowest signed dtype that is no narrower than theirs and holds
    every difference, so the differences of uint8 images from 0 to 255 are int16.

    Args:
        env: The environment to wrap; its observation space is a `Box`.

    Raises:
        InvalidSpaceError: The observation space is not a `Box` of numbers, or no
            integer dtype holds the differences of its values.
    """

    def __init__(self, env: gym.Env) -> None:
        RecordConstructorArgs.__init__(self)
        gym.Wrapper.__init__(self, env)
        self._frame = require_box(
            env.observation_space, "observation_space", "FrameDelta"
        )
        self._dtype = _delta_dtype(self._frame)
        self._last: np.ndarray | None = None
        self.observation_space = spaces.Box(
            self._subtract(self._frame.low, self._frame.high),
            self._subtract(self._frame.high, self._frame.low),
            dtype=self._dtype.type,
        )

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Start an episode.

        Args:
            seed: Passed on to the environment.
            options: Passed on to the environment.

        Returns:
            Tuple of an observation of zeros and the info.
        """
        observ, info = self.env.reset(seed=seed, options=options)
        self._last = observation_array(self._frame, observ).copy()
        return np.zeros(self._frame.shape, self._dtype), info

    def step(
        self, action: Any
    ) -> tuple[np.ndarray, SupportsFloat, bool, bool, dict[str, Any]]:
        """Take a step and compare its frame with the previous one.

        Args:
            action: An element of the action space.

        Returns:
            Tuple of observation, reward, terminated, truncated and info.

        Raises:
            ResetNeededError: There was no reset yet.
        """
        if self._last is None:
            raise ResetNeededError("Cannot step before the first reset.")
        observ, reward, terminated, truncated, info = self.env.step(action)
        frame = observation_array(self._frame, observ)
        delta = self._subtract(frame, self._last)
        self._last = frame.copy()
        return delta, reward, terminated, truncated, info

    def _subtract(self, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        # Integers that wrap around here are right again after the subtraction.
        with np.errstate(over="ignore"):
            return np.asarray(left.astype(self._dtype) - right.astype(self._dtype))


def _delta_dtype(space: spaces.Box) -> np.dtype:
    dtype = np.dtype(space.dtype)
    if dtype.kind == "f":
        return dtype
    differences = space.high.astype(object) - space.low.astype(object)
    largest = int(np.max(differences, initial=0))
    for size in (1, 2, 4, 8):
        candidate = np.dtype(f"i{size}")
        if size >= dtype.itemsize and largest <= np.iinfo(candidate).max:
            return candidate
    raise InvalidSpaceError(
        "observation_space: FrameDelta needs differences that fit into int64, "
        f"got {space} with differences up to {largest}."
    )
