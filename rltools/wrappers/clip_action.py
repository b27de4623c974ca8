"""Accept any action and bring it into the bounds."""

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from gymnasium.utils import RecordConstructorArgs

from rltools.wrappers.box_checks import action_array, require_box


class ClipAction(gym.ActionWrapper, RecordConstructorArgs):
    """Clip actions to the bounds of the environment's action space.

    The action space becomes all of what its dtype can represent: from -inf to inf for
    floats. An infinite action is clipped like any other, a NaN is an error. Actions
    reach the environment as elements of its own action space.

    Gymnasium's wrapper of this name does the same but can't be pickled, and lets NaN
    and other dtypes through to the environment.

    Args:
        env: The environment to wrap.

    Raises:
        InvalidSpaceError: The action space is not a `Box` of numbers.
    """

    def __init__(self, env: gym.Env) -> None:
        RecordConstructorArgs.__init__(self)
        gym.ActionWrapper.__init__(self, env)
        box = require_box(env.action_space, "action_space", "ClipAction")
        dtype: np.dtype[Any] = np.dtype(box.dtype)
        if dtype.kind == "f":
            low, high = -np.inf, np.inf
        else:
            low, high = np.iinfo(dtype).min, np.iinfo(dtype).max
        self._bounds = box
        self._unbounded = spaces.Box(low, high, box.shape, dtype.type)
        self.action_space = self._unbounded

    def action(self, action: Any) -> np.ndarray:
        """Clip an action.

        Args:
            action: Array of the action space's shape and of a dtype of its kind.

        Returns:
            The nearest element of the environment's action space.

        Raises:
            InvalidActionError: The shape or kind of dtype differs, or it has a NaN.
        """
        bounds = self._bounds
        is_usual = (
            type(action) is np.ndarray
            and action.dtype == bounds.dtype
            and action.shape == bounds.shape
        )
        array = action if is_usual else action_array(self._unbounded, action)
        clipped = np.asarray(np.minimum(np.maximum(array, bounds.low), bounds.high))
        # A NaN stays one, and is found in a third of the time of all checks.
        if is_usual and not (clipped == clipped).all():
            action_array(self._unbounded, action)
        return clipped
