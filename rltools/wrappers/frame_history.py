"""Show some of the past observations along with the current one."""

from collections.abc import Sequence
from typing import Any, SupportsFloat

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from gymnasium.utils import RecordConstructorArgs

from rltools.arguments import check_integer
from rltools.errors import InvalidArgumentError, ResetNeededError
from rltools.wrappers.box_checks import observation_array, require_box


class FrameHistory(gym.Wrapper, RecordConstructorArgs):
    """Observe several frames of the episode at once.

    With `past_indices=(0, 1, 4)` an observation holds the current frame, the one before
    it and the one four steps ago, in this order along a new first axis. Before the
    beginning of the episode there is its first frame, over and over:

    ```
    # Step:                    reset   1       2       3
    # Frame of environment:    a       b       c       d
    # past_indices=(0, 2):     a a     b a     c a     d b
    ```

    Observations are copies: one that is kept never changes, whatever the environment
    does with the arrays that it returned.

    Args:
        env: The environment to wrap; its observation space is a `Box`.
        past_indices: How many steps ago each frame was, without repetition and with 0
            for the current one.
        flatten: Whether to join the new axis and the first one of the frames, so that
            k frames of shape [a, b] become [k * a, b] instead of [k, a, b]. Scalar
            frames have no axis to join; they give [k] either way.

    Raises:
        InvalidArgumentError: `past_indices` is empty, lacks 0, or has duplicates or
            something that isn't an integer of at least 0, or `flatten` is no boolean.
        InvalidSpaceError: The observation space is not a `Box` of numbers.
    """

    def __init__(
        self, env: gym.Env, past_indices: Sequence[int], flatten: bool = False
    ) -> None:
        self._past = _check_indices(past_indices)
        if not isinstance(flatten, bool):
            raise InvalidArgumentError(
                f"expected flatten to be a boolean, got {flatten!r}."
            )
        RecordConstructorArgs.__init__(
            self, past_indices=self._past.tolist(), flatten=flatten
        )
        gym.Wrapper.__init__(self, env)
        self._frame = require_box(
            env.observation_space, "observation_space", "FrameHistory"
        )
        self._flatten = flatten
        self._buffer: np.ndarray | None = None
        self._step = 0
        self.observation_space = spaces.Box(
            self._arrange(np.stack([self._frame.low] * len(self._past))),
            self._arrange(np.stack([self._frame.high] * len(self._past))),
            dtype=self._frame.dtype,
        )

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Start an episode, with its first frame as the whole history.

        Args:
            seed: Passed on to the environment.
            options: Passed on to the environment.

        Returns:
            Tuple of observation and info.
        """
        observ, info = self.env.reset(seed=seed, options=options)
        frame = observation_array(self._frame, observ)
        # A ring of frames; as all are the same now, it may begin anywhere.
        self._buffer = np.stack([frame] * (int(self._past.max()) + 1))
        return self._select(self._buffer), info

    def step(
        self, action: Any
    ) -> tuple[np.ndarray, SupportsFloat, bool, bool, dict[str, Any]]:
        """Take a step and add its frame to the history.

        Args:
            action: An element of the action space.

        Returns:
            Tuple of observation, reward, terminated, truncated and info.

        Raises:
            ResetNeededError: There was no reset yet.
        """
        if self._buffer is None:
            raise ResetNeededError("Cannot step before the first reset.")
        observ, reward, terminated, truncated, info = self.env.step(action)
        self._step += 1
        frame = observation_array(self._frame, observ)
        self._buffer[self._step % len(self._buffer)] = frame
        return self._select(self._buffer), reward, terminated, truncated, info

    def _select(self, buffer: np.ndarray) -> np.ndarray:
        # Indexing with an array always copies.
        return self._arrange(buffer[(self._step - self._past) % len(buffer)])

    def _arrange(self, frames: np.ndarray) -> np.ndarray:
        return frames.reshape(-1, *frames.shape[2:]) if self._flatten else frames


def _check_indices(past_indices: Sequence[int]) -> np.ndarray:
    if not isinstance(past_indices, Sequence | np.ndarray):
        raise InvalidArgumentError(
            f"expected past_indices to be a list of integers, got {past_indices!r}."
        )
    indices = [
        check_integer(f"past_indices[{position}]", index, at_least=0)
        for position, index in enumerate(past_indices)
    ]
    if 0 not in indices or len(set(indices)) < len(indices):
        raise InvalidArgumentError(
            "expected past_indices to be distinct and to have 0 for the current frame, "
            f"got {past_indices!r}."
        )
    return np.array(indices)
