"""Mock environments to try a wrapper on where the caller has none."""

import copy
from collections.abc import Callable
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces

from rltools.errors import InvalidArgumentError
from rltools.mocks.environment import MockEnvironment

_VECTOR = spaces.Box(-2.0, 3.0, (3,))
_IMAGE = spaces.Box(0, 255, (8, 8, 3), dtype=np.uint8)
_NUMBER = spaces.Discrete(4)
_NEST = spaces.Dict({"image": _IMAGE, "vector": _VECTOR})
_ACTION = spaces.Box(-1.0, 2.0, (2,))
_CANDIDATES: tuple[tuple[gym.Space[Any], gym.Space[Any]], ...] = (
    (_VECTOR, _ACTION),
    (_VECTOR, _NUMBER),
    (_IMAGE, _NUMBER),
    (_NUMBER, _NUMBER),
    (_NEST, _NUMBER),
)


def choose_env(
    wrap: Callable[[gym.Env[Any, Any]], gym.Env[Any, Any]],
) -> Callable[[], gym.Env[Any, Any]]:
    """Choose the first mock environment that a wrapper does not refuse.

    Args:
        wrap: Callable that wraps an environment.

    Returns:
        A callable that makes the environment.

    Raises:
        InvalidArgumentError: It refuses all of them.
    """
    refusals: list[Exception] = []
    for observation_space, action_space in _CANDIDATES:
        make = _maker(observation_space, action_space)
        env = make()
        try:
            wrap(env)
        except Exception as error:  # All of them are told if nothing is left.
            refusals.append(error)
        else:
            return make
        finally:
            env.close()
    told = "\n".join(f"- {type(error).__name__}: {error}" for error in refusals)
    raise InvalidArgumentError(
        "make: expected a callable that makes an environment to wrap, got None, and "
        f"wrap refuses all mock environments:\n{told}"
    ) from refusals[0]


def _maker(
    observation_space: gym.Space[Any], action_space: gym.Space[Any]
) -> Callable[[], gym.Env[Any, Any]]:
    return lambda: MockEnvironment(
        observation_space=copy.deepcopy(
            observation_space
        ),  # A wrapper may write to it.
        action_space=copy.deepcopy(action_space),
        min_duration=3,
        max_duration=12,
    )
