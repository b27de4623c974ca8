"""The spaces that a number of environments have in common."""

from collections.abc import Sequence
from typing import Any

import gymnasium as gym

from rltools.errors import InvalidArgumentError, InvalidSpaceError
from rltools.space_checks import describe


def shared_spaces(
    envs: gym.vector.VectorEnv | Sequence[gym.Env[Any, Any]],
) -> tuple[gym.Space[Any], gym.Space[Any], int]:
    """Find the spaces of one environment, and the number of environments.

    Args:
        envs: A vector environment such as `BatchEnv`, or a sequence of environments
            whose spaces are equal.

    Returns:
        Tuple of the observation space, the action space and the count.

    Raises:
        InvalidArgumentError: `envs` is neither, or is empty.
        InvalidSpaceError: The environments' spaces differ.
    """
    if isinstance(envs, gym.vector.VectorEnv):
        return envs.single_observation_space, envs.single_action_space, envs.num_envs
    if not isinstance(envs, Sequence) or not envs:
        raise InvalidArgumentError(
            "expected envs to be a vector environment or a non-empty sequence of "
            f"environments, got {describe(envs)}."
        )
    for index, env in enumerate(envs):
        for name in ("observation_space", "action_space"):
            space, expected = getattr(env, name), getattr(envs[0], name)
            if space != expected:
                raise InvalidSpaceError(
                    f"envs[{index}].{name}: expected {expected}, got {space}"
                )
    return envs[0].observation_space, envs[0].action_space, len(envs)
