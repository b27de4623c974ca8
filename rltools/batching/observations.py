"""The current observations of a batch."""

from collections.abc import Sequence
from typing import Any

import gymnasium as gym
import numpy as np

from rltools.batching.group import Readable
from rltools.hosting.batched import assemble, join
from rltools.hosting.rows import ARRAY_SPACES


class Observations:
    """Reads what the groups of a batch have in their rows.

    Args:
        space: Observation space of one environment.
        groups: The groups, in the order of their environments.
        copy: Whether what is read is the caller's own. If not, the next call changes
            it.
    """

    def __init__(
        self, space: gym.Space, groups: Sequence[Readable], *, copy: bool
    ) -> None:
        self._space = space
        self._groups = groups
        self._copy = copy
        # What most batches are.
        self._is_simple = isinstance(space, ARRAY_SPACES)
        self._places = [
            (index, row)
            for index, group in enumerate(groups)
            for row in range(group.count)
        ]

    def read(self) -> Any:
        """The batched observation of all environments."""
        leaves: list[Any]
        if len(self._groups) > 1:
            leaves = join([group.columns.observs.leaves() for group in self._groups])
        elif self._copy:
            leaves = self._groups[0].columns.observs.copies()
            if self._is_simple:
                return leaves[0]
        else:
            leaves = [
                tuple(leaf) if isinstance(leaf, list) else leaf
                for leaf in self._groups[0].columns.observs.leaves()
            ]
        return assemble(self._space, iter(leaves))

    def read_rows(self, rows: Sequence[int]) -> Any:
        """The batched observation of some, in the order given."""
        segments = [group.columns.observs.leaves() for group in self._groups]
        places = [self._places[row] for row in rows]
        leaves: list[Any] = []
        for number, first in enumerate(segments[0]):
            chosen = [segments[index][number][row] for index, row in places]
            if isinstance(first, list):
                leaves.append(tuple(chosen))
            else:
                shape = (len(chosen), *first.shape[1:])
                leaves.append(np.array(chosen, first.dtype).reshape(shape))
        return assemble(self._space, iter(leaves))
