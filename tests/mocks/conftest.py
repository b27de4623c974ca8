import gymnasium as gym
import numpy as np
import pytest

_SPACES = {
    "box": gym.spaces.Box(-1.0, 1.0, (2, 3), np.float32),
    "scalar box": gym.spaces.Box(0.0, 1.0, (), np.float32),
    "unbounded box": gym.spaces.Box(-np.inf, np.inf, (4,), np.float64),
    "half box": gym.spaces.Box(np.float16(-2), np.float16(np.inf), (3,), np.float16),
    "image": gym.spaces.Box(0, 255, (4, 4, 3), np.uint8),
    "discrete": gym.spaces.Discrete(3, start=-1),
    "multi discrete": gym.spaces.MultiDiscrete([2, 5, 3]),
    "multi binary": gym.spaces.MultiBinary(4),
    "nested": gym.spaces.Dict(
        {
            "arm": gym.spaces.Tuple(
                [gym.spaces.Discrete(2), gym.spaces.Box(0, 1, (2,), np.float32)]
            ),
            "eye": gym.spaces.Box(0, 255, (2, 2), np.uint8),
        }
    ),
    "text": gym.spaces.Text(5),
    "sequence": gym.spaces.Sequence(gym.spaces.Discrete(4)),
}


@pytest.fixture(params=_SPACES)
def space(request):
    """A space of every kind."""
    return _SPACES[request.param]
