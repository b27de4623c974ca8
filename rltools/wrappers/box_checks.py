"""Checks shared by the wrappers that compute with the arrays of `Box` spaces."""

from typing import Any, Literal

import gymnasium as gym
import numpy as np
from gymnasium import spaces

from rltools.errors import (
    InvalidActionError,
    InvalidObservationError,
    InvalidSpaceError,
)
from rltools.space_checks import describe, explain_mismatch


def require_box(space: gym.Space[Any], name: str, user: str) -> spaces.Box:
    """Check that a space is a box of numbers.

    Args:
        space: The space to check.
        name: What to call it in the message, such as `"observation_space"`.
        user: Name of the wrapper that needs it.

    Returns:
        The space itself.

    Raises:
        InvalidSpaceError: It is not a `Box`, or one of booleans.
    """
    if isinstance(space, spaces.Box) and np.dtype(space.dtype).kind in "fiu":
        return space
    raise InvalidSpaceError(f"{name}: {user} needs a Box of numbers, got {space}.")


def observation_array(space: spaces.Box, observ: Any) -> np.ndarray:
    """Check shape and dtype of an observation; its values are not looked at.

    Args:
        space: The space that the observation should be of.
        observ: What the environment returned.

    Returns:
        The observation as an array of the space's shape and dtype, maybe the same one.

    Raises:
        InvalidObservationError: It has another shape or a dtype that can't be cast to
            the space's without loss.
    """
    is_array = isinstance(observ, np.ndarray | np.generic)
    if (
        not is_array
        or observ.shape != space.shape
        or not np.can_cast(observ.dtype, np.dtype(space.dtype))
    ):
        raise InvalidObservationError(
            f"observation: expected an array of shape {space.shape} and dtype "
            f"{space.dtype}, got {describe(observ)}."
        )
    return np.asarray(observ, space.dtype)


def action_array(space: spaces.Box, action: Any) -> np.ndarray:
    """Check an action and bring it to the dtype of its space.

    Floats of any precision will do for a space of floats, as usual in Gymnasium, and
    so will lists of numbers.

    Args:
        space: The space that the action should be of.
        action: What the caller passed.

    Returns:
        An element of the space, which may be the same array.

    Raises:
        InvalidActionError: It is not in the space; NaN is in none.
    """
    try:
        array = np.asarray(action)
    except ValueError:
        array = np.asarray(None)
    dtype: np.dtype[Any] = np.dtype(space.dtype)
    if array.dtype != dtype:
        casting: Literal["same_kind", "safe"]
        casting = "same_kind" if dtype.kind == "f" else "safe"
        if not np.can_cast(array.dtype, dtype, casting):
            raise InvalidActionError(
                f"action: expected an array of shape {space.shape} and dtype {dtype}, "
                f"got {describe(action)}."
            )
        # What is too large for the dtype becomes infinite, which the bounds judge.
        with np.errstate(over="ignore"):
            array = array.astype(dtype)
    # The explanation takes longer than the check, so it is left to the failures.
    is_inside = array.shape == space.shape and bool(
        ((array >= space.low) & (array <= space.high)).all()
    )
    if not is_inside:
        raise InvalidActionError(f"{explain_mismatch(space, array, 'action')}.")
    return array
