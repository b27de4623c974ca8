"""Make do with 32 bits per number."""

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.utils import RecordConstructorArgs

from rltools.errors import InvalidResultError
from rltools.space_checks import describe
from rltools.wrappers.spaces_32_bit import to_32_bit_space, to_32_bit_value


class ConvertTo32Bit(gym.Wrapper, RecordConstructorArgs):
    """Convert observations to 32-bit numbers and rewards to float32.

    In the observation space and in its values, float64 becomes float32, int64 becomes
    int32 and uint64 becomes uint32, also inside of `Dict` and `Tuple` spaces and for
    `Discrete` and `MultiDiscrete` ones. Narrower dtypes stay as they are. Floats may
    lose precision, nothing else is lost: a number that 32 bits can't represent is an
    error, and so are NaN and infinity. Actions are not touched.

    Args:
        env: The environment to wrap.

    Raises:
        InvalidSpaceError: The observation space has a part without a 32-bit form.
    """

    def __init__(self, env: gym.Env) -> None:
        RecordConstructorArgs.__init__(self)
        gym.Wrapper.__init__(self, env)
        self._space = to_32_bit_space(env.observation_space, "observation_space")
        self.observation_space = self._space

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Start an episode.

        Args:
            seed: Passed on to the environment.
            options: Passed on to the environment.

        Returns:
            Tuple of the converted observation and the info.

        Raises:
            InvalidObservationError: The observation does not fit.
        """
        observ, info = self.env.reset(seed=seed, options=options)
        return to_32_bit_value(self._space, observ, "observation"), info

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """Take a step.

        Args:
            action: An element of the action space.

        Returns:
            Tuple of converted observation, float32 reward, terminated, truncated and
            info.

        Raises:
            InvalidObservationError: The observation does not fit.
            InvalidResultError: The reward is not a finite float32 number.
        """
        observ, reward, terminated, truncated, info = self.env.step(action)
        observ = to_32_bit_value(self._space, observ, "observation")
        return observ, _convert_reward(reward), terminated, truncated, info


def _convert_reward(reward: Any) -> np.float32:
    array = np.asarray(reward)
    if array.shape == () and array.dtype.kind in "fiub":
        with np.errstate(over="ignore"):
            result = np.float32(array)
        if np.isfinite(result):
            return result
    raise InvalidResultError(
        f"reward: expected a finite number that fits float32, got {describe(reward)}."
    )
