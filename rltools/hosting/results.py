"""Checks what a single environment returned."""

from typing import Any

import numpy as np

from rltools.errors import InvalidResultError
from rltools.space_checks import describe

# Types of which no more need be asked.
ORDINARY_REWARDS = frozenset({float, int, np.float64, np.float32})
ORDINARY_FLAGS = frozenset({bool, np.bool_})


def unpack_reset(result: Any, name: str) -> tuple[Any, dict[str, Any]]:
    """Check the result of `reset`.

    Args:
        result: What the environment returned.
        name: What to call the environment in an error message.

    Returns:
        The tuple `(observation, info)`.

    Raises:
        InvalidResultError: It is something else.
    """
    if not isinstance(result, tuple) or len(result) != 2:
        raise InvalidResultError(
            f"{name}.reset(): expected (observation, info), got {describe(result)}."
            f"{_HINT}"
        )
    observ, info = result
    _check_info(info, f"{name}.reset()")
    return observ, info


def unpack_step(
    result: Any, name: str
) -> tuple[Any, float, bool, bool, dict[str, Any]]:
    """Check the result of `step`; like `unpack_reset`, with Gymnasium's five values."""
    if not isinstance(result, tuple) or len(result) != 5:
        found = describe(result)
        if isinstance(result, tuple):
            found = f"{len(result)} values"
        raise InvalidResultError(
            f"{name}.step(): expected (observation, reward, terminated, truncated, "
            f"info), got {found}.{_HINT}"
        )
    observ, reward, terminated, truncated, info = result
    if not _is_real_number(reward):
        raise InvalidResultError(
            f"{name}.step() reward: expected a number, got {describe(reward)}."
        )
    for flag, value in (("terminated", terminated), ("truncated", truncated)):
        if not isinstance(value, bool | np.bool_):
            raise InvalidResultError(
                f"{name}.step() {flag}: expected a bool, got {describe(value)}."
            )
    _check_info(info, f"{name}.step()")
    return observ, float(reward), bool(terminated), bool(truncated), info


_HINT = " Environments of the older gym package need wrappers.FromGym."


def _is_real_number(value: Any) -> bool:
    if isinstance(value, np.ndarray):
        return value.shape == () and value.dtype.kind in "fiu"
    return isinstance(value, int | float | np.floating | np.integer | np.bool_)


def _check_info(info: Any, name: str) -> None:
    if not isinstance(info, dict):
        raise InvalidResultError(f"{name} info: expected a dict, got {describe(info)}.")
