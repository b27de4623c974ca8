"""Where each environment of a batch stands in its episode."""

from collections.abc import Collection, Sequence

import numpy as np

from rltools.errors import ResetNeededError


class Episodes:
    """Knows which environments of a batch can be stepped.

    Args:
        count: The number of environments.

    Attributes:
        started: Mask of the environments that can be stepped at all: they have been
            reset, and have not failed since.
        ended: Mask of the environments whose episode has ended.
    """

    def __init__(self, count: int) -> None:
        self.started = np.zeros(count, np.bool_)
        self.ended = np.zeros(count, np.bool_)

    def check_steppable(self, *, past_end: bool) -> None:
        """Check that every environment can be stepped.

        Args:
            past_end: Whether that is so after the end of an episode, too.

        Raises:
            ResetNeededError: It is not; names the environments.
        """
        # Bytes are searched faster than an array is reduced.
        if b"\0" not in self.started.tobytes() and (past_end or not self.any_ended):
            return
        waiting = ~self.started if past_end else ~self.started | self.ended
        raise ResetNeededError(
            f"Environments {np.flatnonzero(waiting).tolist()} must be reset before "
            "they can step: their episode has not begun, has ended, or has failed."
        )

    @property
    def any_ended(self) -> bool:
        """Whether the episode of any environment has ended."""
        return b"\1" in self.ended.tobytes()

    def begin(self, rows: Sequence[int], failed: Collection[int]) -> None:
        """Note that environments were reset, but for those that failed."""
        self.started[rows] = True
        self.ended[rows] = False
        self.lose(failed)

    def go_on(self, ended: np.ndarray, failed: Collection[int]) -> None:
        """Note that all environments were stepped, but for those that failed."""
        self.ended = ended
        self.lose(failed)

    def lose(self, rows: Collection[int]) -> None:
        """Note that nobody knows where the episodes of some environments stand."""
        if rows:
            rows = list(rows)
            self.started[rows] = False
            self.ended[rows] = False
