"""Environments of this process."""

from collections.abc import Sequence
from typing import Any

import gymnasium as gym
import numpy as np

from rltools.batching.group import Done
from rltools.hosting.batched import part, splitter
from rltools.hosting.columns import Columns
from rltools.hosting.env_group import EnvGroup


class LocalGroup:
    """Steps environments one after another; a call has ended when it has begun.

    Args:
        envs: The environments, of equal spaces.
        first: Place in the batch of the first one.
    """

    def __init__(self, envs: Sequence[gym.Env], first: int) -> None:
        self.first = first
        self.count = len(envs)
        self._action_space = space = envs[0].action_space
        self._split = splitter(space, self.count)
        self.columns = Columns(envs[0].observation_space, space, self.count)
        self._envs = EnvGroup(envs, self.columns, first=first)

    def check_free(self, rows: Sequence[int], *, to_reset: bool) -> None:
        """See `Group`."""

    def step(self, actions: Any, resets: np.ndarray | None, same_step: bool) -> Done:
        """See `Group`."""
        end = self.first + self.count
        ours = part(self._action_space, actions, self.first, end)
        mask = None if resets is None else resets[self.first : end].tolist()
        return Done(self._envs.step(self._split(ours), mask, same_step=same_step))

    def reset(
        self,
        rows: Sequence[int],
        seeds: Sequence[int | None],
        options: dict[str, Any] | None,
    ) -> Done:
        """See `Group`."""
        return Done(self._envs.reset(rows, seeds, options))
