"""What the caller says of a batch under test."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import gymnasium as gym
from gymnasium.vector import AutoresetMode


@dataclass(frozen=True)
class BatchOptions:
    """What the caller says of the batch; see `check_batch_env` for each."""

    num_envs: int
    steps: int
    seed: int
    timeout: float
    autoreset: AutoresetMode | None
    copies: bool
    checks_actions: bool
    mixed_infos: bool
    consecutive_seeds: bool
    seed_lists: bool
    reward_dtype: Any
    spaces: Mapping[str, gym.Space[Any]] | None
    extra_infos: Collection[str]
