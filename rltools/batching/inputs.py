"""Checks what a batch is asked to do, before any environment moves."""

from collections.abc import Sequence
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.vector import AutoresetMode
from gymnasium.vector.utils import iterate

from rltools.errors import InvalidActionError
from rltools.space_checks import describe, explain_mismatch

_SeedList = Sequence | np.ndarray
_MODES = {
    "disabled": AutoresetMode.DISABLED,
    "next_step": AutoresetMode.NEXT_STEP,
    "same_step": AutoresetMode.SAME_STEP,
}


def parse_autoreset(mode: str | AutoresetMode) -> AutoresetMode:
    """The Gymnasium mode for its name, such as `"next_step"`."""
    if isinstance(mode, AutoresetMode):
        return mode
    if mode not in _MODES:
        raise ValueError(f"autoreset: expected one of {list(_MODES)}, got {mode!r}.")
    return _MODES[mode]


def parse_reset_mask(
    options: dict[str, Any] | None, count: int
) -> tuple[dict[str, Any] | None, np.ndarray | None]:
    """Take Gymnasium's `"reset_mask"` out of the options, which are left as they are.

    Returns:
        The tuple `(options, mask)`: the other options, and the mask of shape `(count,)`
        or None.
    """
    if options is None or "reset_mask" not in options:
        return options, None
    rest = {key: value for key, value in options.items() if key != "reset_mask"}
    mask = options["reset_mask"]
    wanted = f"an array of shape ({count},) and dtype bool"
    name = "options['reset_mask']"
    if not isinstance(mask, np.ndarray) or mask.dtype != np.bool_:
        raise TypeError(f"{name}: expected {wanted}, got {describe(mask)}.")
    if mask.shape != (count,):
        raise ValueError(f"{name}: expected {wanted}, got {describe(mask)}.")
    if not mask.any():
        raise ValueError(f"{name}: expected at least one True, got none.")
    return rest or None, mask


def choose_indices(
    indices: Sequence[int] | np.ndarray | None, mask: np.ndarray | None, count: int
) -> list[int]:
    """The environments to reset: those of the indices, of the mask, or all."""
    if mask is not None and indices is not None:
        raise ValueError("Expected indices or options['reset_mask'], got both.")
    if mask is not None:
        return [int(index) for index in np.flatnonzero(mask)]
    if indices is None:
        return list(range(count))
    array = np.asarray(indices)
    if array.ndim != 1 or (array.size and not np.issubdtype(array.dtype, np.integer)):
        raise TypeError(f"indices: expected integers, got {describe(indices)}.")
    if array.size and (array.min() < 0 or array.max() >= count):
        raise ValueError(f"indices: expected 0 to {count - 1}, got {array.tolist()}.")
    if len(np.unique(array)) != len(array):
        raise ValueError(f"indices: expected each once, got {array.tolist()}.")
    return [int(index) for index in array]


def seeds_for(
    seed: int | Sequence[int | None] | None, indices: Sequence[int]
) -> list[int | None]:
    """The seed of each environment that is reset; see `BatchEnv.reset`."""
    if seed is None:
        return [None] * len(indices)
    if isinstance(seed, int | np.integer) and not isinstance(seed, bool):
        return [int(seed) + index for index in indices]
    if isinstance(seed, bool | str | bytes) or not isinstance(seed, _SeedList):
        raise TypeError(f"seed: expected an integer or integers, got {describe(seed)}.")
    if len(seed) != len(indices):
        raise ValueError(f"seed: expected {len(indices)} seeds, got {len(seed)}.")
    return [None if item is None else int(item) for item in seed]


def split_actions(
    actions: Any, single_space: gym.Space, space: gym.Space, count: int
) -> list[Any]:
    """Check a batch of actions and split it.

    Args:
        actions: An element of the batch's space, or a list of single actions.
        single_space: Action space of one environment.
        space: Action space of the batch.
        count: The number of environments.

    Returns:
        A list with the action of each environment. Arrays are parts of one copy, so
        that neither side sees what the other writes.

    Raises:
        InvalidActionError: Names what doesn't fit, what was expected and what found.
    """
    if isinstance(actions, list):
        if len(actions) != count:
            raise InvalidActionError(
                f"actions: expected {count} actions, got {len(actions)}."
            )
        for index, action in enumerate(actions):
            _raise_mismatch(single_space, action, f"actions[{index}]")
        return [_own_copy(single_space, action) for action in actions]
    _raise_mismatch(space, actions, "actions")
    return list(iterate(space, _own_copy(space, actions)))


def _raise_mismatch(space: gym.Space, value: Any, path: str) -> None:
    if problem := explain_mismatch(space, value, path):
        raise InvalidActionError(f"{problem}.")


def _own_copy(space: gym.Space, actions: Any) -> Any:
    if isinstance(space, gym.spaces.Dict):
        return {key: _own_copy(part, actions[key]) for key, part in space.items()}
    if isinstance(space, gym.spaces.Tuple):
        pairs = zip(space.spaces, actions, strict=True)
        return tuple(_own_copy(part, item) for part, item in pairs)
    if isinstance(actions, np.ndarray):
        return np.array(actions, space.dtype)
    return actions
