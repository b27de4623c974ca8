"""Actions of several parts, of which the continuous ones get rid of their bounds."""

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces


class UnboundedActions(gym.ActionWrapper[Any, Any, Any]):
    """Clips the parts of nested actions that are bounded, as a policy has no bounds.

    Does for Dict and Tuple spaces what `rltools.wrappers.ClipAction` and
    `RangeNormalize` do for a Box.

    Args:
        env: Its action space may be nested.
        normalize: Whether -1 and 1 stand for the bounds of a Box that has all of them.
    """

    def __init__(self, env: gym.Env[Any, Any], *, normalize: bool) -> None:
        super().__init__(env)
        self._normalize = normalize
        self.action_space = _unbounded(env.action_space)

    def action(self, action: Any) -> Any:
        """Turn an action of the unbounded space into one of the environment."""
        return self._bounded(self.env.action_space, action)

    def _bounded(self, space: gym.Space[Any], action: Any) -> Any:
        if isinstance(space, spaces.Dict):
            return {
                key: self._bounded(part, action[key])
                for key, part in space.spaces.items()
            }
        if isinstance(space, spaces.Tuple):
            pairs = zip(space.spaces, action, strict=True)
            return tuple(self._bounded(part, value) for part, value in pairs)
        if not isinstance(space, spaces.Box):
            return action
        if self._normalize and space.is_bounded():
            low, high = (np.asarray(a, np.float64) for a in (space.low, space.high))
            action = low + (np.clip(action, -1, 1) + 1) / 2 * (high - low)
        if np.issubdtype(space.dtype, np.integer):
            action = np.rint(action)
        clipped = np.clip(action, space.low, space.high)
        return np.asarray(clipped, space.dtype)  # One number would not be an array.


def _unbounded(space: gym.Space[Any]) -> gym.Space[Any]:
    if isinstance(space, spaces.Dict):
        return spaces.Dict(
            {key: _unbounded(part) for key, part in space.spaces.items()}
        )
    if isinstance(space, spaces.Tuple):
        return spaces.Tuple([_unbounded(part) for part in space.spaces])
    if isinstance(space, spaces.Box):
        return spaces.Box(-np.inf, np.inf, space.shape, np.float32)
    return space
