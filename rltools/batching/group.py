"""The contract between a batch and the groups that its environments form."""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from rltools.hosting.columns import Columns
from rltools.hosting.report import Report


class Call(Protocol):
    """A call of a group that may still be under way."""

    def ready(self) -> bool:
        """Whether `result` would return at once."""

    def result(self, timeout: float | None = None) -> Report:
        """Wait for the call; returns infos and failures, by row of the group.

        Args:
            timeout: Seconds to wait at most; None leaves it to the environments.

        Raises:
            RequestTimeoutError: It did not end in time, and can be asked for again.
        """

    def give_up(self) -> None:
        """Note that nobody waits for it any more; it may still be carried out."""

    def hold(self, is_held: bool) -> None:
        """Say whether its rows must stay as they are, though its result was taken."""


class Readable(Protocol):
    """Neighbouring environments of a batch whose rows lie together.

    Attributes:
        count: The number of environments.
        columns: Their rows; filled once a call's result has been taken.
    """

    count: int

    @property
    def columns(self) -> Columns:
        """See above."""


class Group(Readable, Protocol):
    """Neighbouring environments of a batch that are called together.

    Attributes:
        first: Place in the batch of the first one.
    """

    first: int

    def check_free(self, rows: Sequence[int], *, to_reset: bool) -> None:
        """See `PromisingEnv.check_free`; for some environments, by row of the group."""

    def step(self, actions: Any, resets: np.ndarray | None, same_step: bool) -> Call:
        """Start a step.

        Args:
            actions: The batched actions of the whole batch, which nobody changes.
            resets: Mask `(batch,)` of those to be reset instead; None for none.
            same_step: Whether to reset an environment whose episode has ended.
        """

    def reset(
        self,
        rows: Sequence[int],
        seeds: Sequence[int | None],
        options: dict[str, Any] | None,
    ) -> Call:
        """Start the reset of some environments, given by row of the group."""


class Done:
    """A call that has ended."""

    def __init__(self, report: Report) -> None:
        self._report = report

    def ready(self) -> bool:
        """See `Call`."""
        return True

    def result(self, timeout: float | None = None) -> Report:
        """See `Call`."""
        return self._report

    def give_up(self) -> None:
        """See `Call`."""

    def hold(self, is_held: bool) -> None:
        """See `Call`."""
