"""Actions of a policy, turned into those of the environment inside the graph.

Does what the wrappers of `runs.environments` do, for those who have neither.
"""

from typing import Any

import gymnasium as gym
import numpy as np
import tensorflow as tf
from gymnasium import spaces

from rltools.wrappers.box_range import BoxRange


def ready_actions(
    space: gym.Space[Any], actions: Any, *, normalize_ranges: bool
) -> Any:
    """Clip and scale a batch of actions.

    Args:
        space: Action space of the environment itself.
        actions: What the policy gives, nested tensors with k rows.
        normalize_ranges: Whether -1 and 1 stand for the bounds of the environment.

    Returns:
        Elements of the space, nested tensors of its dtypes with k rows.
    """
    if not isinstance(space, spaces.Box):
        return _ready_parts(space, actions, normalize_ranges)
    nothing = np.zeros(space.shape, np.bool_)
    scaled = BoxRange(space).bounded if normalize_ranges else nothing
    return _ready_box(space, actions, scaled)


def _ready_parts(space: gym.Space[Any], actions: Any, normalize: bool) -> Any:
    if isinstance(space, spaces.Dict):
        return {
            key: _ready_parts(part, actions[key], normalize)
            for key, part in space.spaces.items()
        }
    if isinstance(space, spaces.Tuple):
        return tuple(
            _ready_parts(part, value, normalize)
            for part, value in zip(space.spaces, actions, strict=True)
        )
    if isinstance(space, spaces.Box):
        # A part is scaled as a whole or not at all, see `UnboundedActions`.
        scaled = np.full(space.shape, normalize and space.is_bounded())
        return _ready_box(space, actions, scaled)
    return actions


def _ready_box(space: spaces.Box, actions: Any, scaled: np.ndarray) -> Any:
    low, high = (bound.astype(np.float64) for bound in (space.low, space.high))
    wide = tf.cast(actions, tf.float64)
    wide = _clip(wide, np.where(scaled, -1.0, low), np.where(scaled, 1.0, high))
    if scaled.any():
        start, stop = np.where(scaled, low, 0.0), np.where(scaled, high, 0.0)
        weight = (wide + 1) / 2
        mapped = _clip(start * (1 - weight) + stop * weight, start, stop)
        wide = mapped if scaled.all() else tf.where(scaled, mapped, wide)
    if np.issubdtype(space.dtype, np.integer):
        wide = tf.round(wide)
    return tf.cast(wide, tf.as_dtype(space.dtype))


def _clip(values: Any, low: np.ndarray, high: np.ndarray) -> Any:
    return tf.minimum(tf.maximum(values, low), high)
