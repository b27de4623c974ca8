"""What all broken wrappers have in common."""

from typing import Any

import gymnasium as gym

Result = tuple[Any, Any, bool, bool, dict[str, Any]]


class BrokenWrapper(gym.Wrapper[Any, Any, Any, Any]):
    """Base of all of them, which by itself changes nothing.

    Attributes:
        trips: Names of the checks that fail.
    """

    trips: frozenset[str] = frozenset()
