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
        any_ended: Whether that of any has.
    """

    def __init__(self, count: int) -> None:
        self.started = np.zeros(count, np.bool_)
        self.ended = np.zeros(count, np.bool_)
        # Known beforehand, so that a step need not look at the masks.
        self.any_ended = False
        self._all_started = False
        self._none_ended = np.zeros(count, np.bool_)
        self._none_ended.flags.writeable = False

    def check_steppable(self, *, past_end: bool) -> None:
        """Check that every environment can be stepped.

        Args:
            past_end: Whether that is so after the end of an episode, too.

        Raises:
            ResetNeededError: It is not; names the environments.
        """
        if self._all_started and (past_end or not self.any_ended):
            return
        waiting = ~self.started if past_end else ~self.started | self.ended
        raise ResetNeededError(
            f"Environments {np.flatnonzero(waiting).tolist()} must be reset before "
            "they can step: their episode has not begun, has ended, or has failed."
        )

    def begin(self, rows: Sequence[int], failed: Collection[int]) -> None:
        """Note that environments were reset, but for those that failed."""
        self.ended = self.ended.copy()
        self.started[rows] = True
        self.ended[rows] = False
        self._note()
        self.lose(failed)

    def go_on(
        self, terminated: np.ndarray, truncated: np.ndarray, failed: Collection[int]
    ) -> None:
        """Note that all environments were stepped, but for those that failed."""
        flags = terminated.tobytes() + truncated.tobytes()
        self.any_ended = b"\1" in flags
        self.ended = terminated | truncated if self.any_ended else self._none_ended
        if failed:
            self.lose(failed)

    def go_on_reset(self, failed: Collection[int]) -> None:
        """Note the same where those that ended have been reset at once."""
        self.ended, self.any_ended = self._none_ended, False
        if failed:
            self.lose(failed)

    def lose(self, rows: Collection[int]) -> None:
        """Note that nobody knows where the episodes of some environments stand."""
        if rows:
            rows = list(rows)
            self.ended = self.ended.copy()
            self.started[rows] = False
            self.ended[rows] = False
            self._note()

    def _note(self) -> None:
        # Bytes are searched faster than an array is reduced.
        self.any_ended = b"\1" in self.ended.tobytes()
        self._all_started = b"\0" not in self.started.tobytes()
