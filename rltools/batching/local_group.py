"""Environments of this process."""

from collections.abc import Sequence
from typing import Any, TypeVar

import gymnasium as gym
import numpy as np

from rltools.batching.group import Done
from rltools.errors import ClosedError
from rltools.hosting.batched import parter, splitter
from rltools.hosting.columns import Columns
from rltools.hosting.env_group import EnvGroup
from rltools.hosting.report import Report

Thing = TypeVar("Thing")


class LocalGroup:
    """Steps environments one after another; a call has ended when it has begun.

    Args:
        envs: The environments, of equal spaces.
        first: Place in the batch of the first one.
        columns: Where to store what they return; None for columns of its own.
    """

    def __init__(
        self, envs: Sequence[gym.Env], first: int, columns: Columns | None = None
    ) -> None:
        self.first = first
        self.count = len(envs)
        space = envs[0].action_space
        self._part = parter(space, first, first + self.count)
        self._split = splitter(space, self.count)
        columns = columns or Columns(envs[0].observation_space, space, self.count)
        self._columns: Columns | None = columns
        self._envs: EnvGroup | None = EnvGroup(envs, columns, first=first)

    @property
    def columns(self) -> Columns:
        """See `Group`."""
        return _there(self._columns)

    def leave(self) -> None:
        """Let go of the columns, which are in memory that is given back."""
        self._columns = self._envs = None

    def check_free(self, rows: Sequence[int], *, to_reset: bool) -> None:
        """See `Group`."""

    def step(self, actions: Any, resets: np.ndarray | None, same_step: bool) -> Done:
        """See `Group`."""
        return Done(self.carry_out(actions, resets, same_step))

    def carry_out(
        self, actions: Any, resets: np.ndarray | None, same_step: bool
    ) -> Report:
        """Step and wait; see `Group`."""
        mask = None
        if resets is not None:
            mask = resets[self.first : self.first + self.count].tolist()
        singles = self._split(self._part(actions))
        return _there(self._envs).step(singles, mask, same_step=same_step)

    def reset(
        self,
        rows: Sequence[int],
        seeds: Sequence[int | None],
        options: dict[str, Any] | None,
    ) -> Done:
        """See `Group`."""
        return Done(_there(self._envs).reset(rows, seeds, options))


def _there(thing: Thing | None) -> Thing:
    if thing is None:  # Such as by a signal handler's doing, a moment ago.
        raise ClosedError("The environments have been closed.")
    return thing
