"""One phase of a loop: its operation, its intervals and its unreported scores."""

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from rltools.arguments import check_integer
from rltools.errors import InvalidArgumentError, InvalidResultError
from rltools.space_checks import describe

FLAGS = ("log", "report", "reset")


class Phase:
    """A named operation that is repeated for a number of steps.

    Args:
        name: Letters, digits, `_`, `-`, `.` and spaces; the name of a folder too.
        op: The operation; see `rltools.Loop.add_phase` for this and the others.
        steps: Number of steps before the next phase has its turn.
        report_every: Interval of reports, or None.
        log_every: Interval of summaries, or None.
        checkpoint_every: Interval of checkpoints, or None.
        batch_size: Number of scores that each call returns; None takes that of the
            last call for the next one, and 1 for the first.
        feed: Further keyword arguments of the operation.

    Attributes:
        name: Name of the phase.
        steps: Number of steps before the next phase has its turn.
        report_every: Interval of reports, or None.
        log_every: Interval of summaries, or None.
        checkpoint_every: Interval of checkpoints, or None.
        size: Number of scores that the next call is expected to return.

    Raises:
        InvalidArgumentError: An argument makes no sense.
    """

    def __init__(
        self,
        name: str,
        op: Callable[..., Any],
        *,
        steps: int,
        report_every: int | None = None,
        log_every: int | None = None,
        checkpoint_every: int | None = None,
        batch_size: int | None = None,
        feed: Mapping[str, Any] | None = None,
    ) -> None:
        if not isinstance(name, str) or not re.fullmatch(r"\w[\w .-]*", name):
            raise InvalidArgumentError(
                "expected name to be a string of letters, digits, '_', '-', '.' and "
                f"spaces, got {name!r}."
            )
        if not callable(op):
            raise InvalidArgumentError(f"expected op to be callable, got {op!r}.")
        for key in feed or {}:
            if not isinstance(key, str) or key in FLAGS:
                raise InvalidArgumentError(
                    f"expected feed to name arguments other than {', '.join(FLAGS)}, "
                    f"got {key!r}."
                )
        self.name = name
        self.steps = check_integer("steps", steps, at_least=1)
        self.report_every = _check_optional("report_every", report_every)
        self.log_every = _check_optional("log_every", log_every)
        self.checkpoint_every = _check_optional("checkpoint_every", checkpoint_every)
        self.size = _check_optional("batch_size", batch_size) or 1
        self._fixed_size = batch_size is not None
        self._op = op
        self._feed = dict(feed or {})
        self._sum = 0.0
        self._count = 0

    def is_due(self, every: int | None, first: int) -> bool:
        """Return whether an interval ends during a call.

        Args:
            every: Length of the interval in steps; None never ends.
            first: Number of steps of this phase before the call, which takes `size`.
        """
        return every is not None and (first + self.size) // every > first // every

    def call(self, **flags: bool) -> Mapping[str, Any]:
        """Call the operation and take note of the scores of finished episodes.

        Args:
            **flags: The values of `log`, `report` and `reset`.

        Returns:
            The summary; an empty dictionary if there was none. The number of scores
            is in `size` afterwards.

        Raises:
            InvalidResultError: The operation returned something else than
                (done, score) or (done, score, summary), or not `batch_size` scores.
        """
        result = self._op(**flags, **self._feed)
        if not isinstance(result, tuple | list) or len(result) not in (2, 3):
            raise self._error("(done, score) or (done, score, summary)", result)
        done, score = np.asarray(result[0]), np.asarray(result[1])
        summary = result[2] if len(result) == 3 else None
        if done.dtype != np.bool_:
            raise self._error("done to be boolean", done)
        if score.dtype.kind not in "iuf":
            raise self._error("score to be of real numbers", score)
        if done.shape != score.shape:
            shapes = f"{done.shape} and {score.shape}"
            raise self._error("done and score to be of equal shape", shapes)
        if not score.size or (self._fixed_size and score.size != self.size):
            expected = self.size if self._fixed_size else "at least 1"
            raise self._error(f"score to have {expected} elements", score)
        if summary is not None and not isinstance(summary, Mapping):
            raise self._error("summary to be a dict", summary)
        self.size = score.size
        self._sum += float(score[done].sum(dtype=np.float64))
        self._count += int(done.sum())
        return summary or {}

    def take_mean(self) -> float:
        """Average the scores of finished episodes since the last time, and forget them.

        Returns:
            The mean; NaN if no episode has finished.
        """
        mean = self._sum / self._count if self._count else math.nan
        self._sum, self._count = 0.0, 0
        return mean

    def get_state(self) -> dict[str, float]:
        """Return what a later process needs to go on from here, as JSON values."""
        return {"sum": self._sum, "count": self._count, "size": self.size}

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Go on from where another process was.

        Args:
            state: What `get_state` returned there.
        """
        self._sum, self._count = state["sum"], state["count"]
        if not self._fixed_size:
            self.size = state["size"]

    def _error(self, expected: str, got: Any) -> InvalidResultError:
        got = got if isinstance(got, str) else describe(got)
        return InvalidResultError(
            f"op of phase {self.name!r}: expected {expected}, got {got}."
        )


def _check_optional(name: str, value: int | None) -> int | None:
    return None if value is None else check_integer(name, value, at_least=1)
