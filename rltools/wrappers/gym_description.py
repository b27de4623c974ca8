"""Metadata and specification of an environment of the old `gym` package."""

import copy
from typing import Any

from gymnasium.envs.registration import EnvSpec

from rltools.wrappers.gym_layers import has_only_standard_wrappers


def convert_metadata(metadata: dict[str, Any]) -> dict[str, Any]:
    """Convert the metadata of an environment of `gym`.

    Args:
        metadata: The `metadata` of the environment.

    Returns:
        A dictionary with the names that Gymnasium uses; other keys are kept.
    """
    names = {"render.modes": "render_modes", "video.frames_per_second": "render_fps"}
    converted = {names.get(key, key): value for key, value in metadata.items()}
    return {"render_modes": [], **converted}


def convert_spec(env: Any) -> EnvSpec | None:
    """Convert the specification of an environment of `gym`.

    Args:
        env: An environment of any version of `gym`.

    Returns:
        A specification that makes the same environment inside of a `FromGym`, or None
        if the environment has none, or has wrappers that its own does not tell.
    """
    spec = getattr(env, "spec", None)
    # A specification that does not lead to the same environment would be a trap.
    if spec is None or not has_only_standard_wrappers(env):
        return None
    # Private before gym 0.22.
    kwargs = spec.kwargs if hasattr(spec, "kwargs") else spec._kwargs
    return EnvSpec(
        spec.id,
        entry_point="rltools.wrappers.from_gym:FromGym",
        reward_threshold=spec.reward_threshold,
        nondeterministic=spec.nondeterministic,
        max_episode_steps=spec.max_episode_steps,
        kwargs={"env": spec.id, **copy.deepcopy(kwargs)},
    )
