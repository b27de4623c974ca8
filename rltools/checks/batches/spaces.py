"""Spaces of every kind and dtype, for environments that echo their actions."""

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces

_FLOATS = np.float16, np.float32, np.float64
_INTEGERS = (
    *(np.int8, np.int16, np.int32, np.int64),
    *(np.uint8, np.uint16, np.uint32, np.uint64),
)


def default_spaces() -> dict[str, gym.Space[Any]]:
    """Spaces by the names that reports call them."""
    floats = {
        np.dtype(kind).name: spaces.Box(-4.0, 4.0, (2, 3), kind) for kind in _FLOATS
    }
    integers = {
        np.dtype(kind).name: spaces.Box(0, 100, (3,), kind) for kind in _INTEGERS
    }
    array: dict[str, gym.Space[Any]] = {
        "number": spaces.Box(-1.0, 1.0, (), np.float32),
        "unbounded": spaces.Box(-np.inf, np.inf, (2,), np.float64),
        "flags": spaces.Box(0, 1, (2,), bool),
        "discrete": spaces.Discrete(5, start=-2),
    }
    others: dict[str, gym.Space[Any]] = {
        "binary": spaces.MultiBinary((2, 2)),
        "multi": spaces.MultiDiscrete(
            np.array([[2, 3], [4, 5]]), start=np.array([[0, 1], [-1, 0]])
        ),
        "nested": spaces.Tuple(
            (
                spaces.Dict(b=spaces.MultiBinary(3), a=spaces.Discrete(3)),
                spaces.Tuple((spaces.Box(0, 255, (4, 4, 3), np.uint8),)),
            )
        ),
    }
    sized = spaces.Dict({**floats, **integers, **array, **others})
    unsized = spaces.Dict(
        text=spaces.Text(5),
        sequence=spaces.Sequence(spaces.Box(-1.0, 1.0, (2,), np.float32)),
        graph=spaces.Graph(spaces.Box(-1.0, 1.0, (2,)), spaces.Discrete(3)),
        one_of=spaces.OneOf((spaces.Discrete(3), spaces.Box(-1.0, 1.0, (2,)))),
    )
    return {
        "spaces of one size": sized,
        "spaces of many sizes": unsized,
        "a float16 Box": floats["float16"],
        "a MultiDiscrete": others["multi"],
        "a Text": unsized["text"],
    }
