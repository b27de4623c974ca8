"""One call of an environment in a rollout, and the comparison of whole rollouts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from rltools.checks.check import tell_exception
from rltools.checks.difference import differences

_RESET_NAMES: tuple[str, ...] = ("observ", "info")
_STEP_NAMES = ("observ", "reward", "terminated", "truncated", "info")


@dataclass
class Call:
    """One call of `reset` or `step` and what became of it.

    Attributes:
        verb: `"reset"` or `"step"`.
        episode: Number of the episode, from 0.
        step: Number of steps of the episode so far, 0 for a reset.
        action: Copy of the action, None for a reset.
        result: Copy of all that was returned, or None after an exception.
        error: The exception that was raised instead.
        mishaps: What the call did that it should not: a dictionary from the kind
            (`"shared memory"`, `"changed later"`, `"action changed"`, `"global
            generator"`, `"space generator"`) to a line that tells.
    """

    verb: Literal["reset", "step"]
    episode: int
    step: int
    action: Any = None
    result: Any = None
    error: Exception | SystemExit | None = None
    mishaps: dict[str, str] = field(default_factory=dict)

    @property
    def where(self) -> str:
        """Where in the rollout it was, as a violation tells it."""
        if self.verb == "reset":
            return f"reset of episode {self.episode}"
        return f"step {self.step} of episode {self.episode}"

    @property
    def ended(self) -> bool:
        """Whether it was the last one of its episode."""
        if self.verb == "reset":
            return False
        return self.is_complete and any(np.any(flag) for flag in self.result[2:4])

    @property
    def is_complete(self) -> bool:
        """Whether it returned as many things as its verb has to."""
        count = 2 if self.verb == "reset" else 5
        return isinstance(self.result, tuple) and len(self.result) == count


def compare_calls(
    expected: Sequence[Call], got: Sequence[Call], *, same_types: bool = True
) -> Iterator[str]:
    """Tell where two runs of the same actions first differ.

    Args:
        expected: The calls of one run.
        got: Those of another one, which may be shorter.
        same_types: Whether rewards and flags have to be of the same Python type.

    Yields:
        A line for every part of the first call that differs.
    """
    for left, right in zip(expected, got, strict=False):
        if left.error is not None or right.error is not None:
            told, found = _tell(left), _tell(right)
            if told != found:
                yield f"{left.where}: expected {told}, got {found}"
            return
        names = _RESET_NAMES if left.verb == "reset" else _STEP_NAMES
        if not (left.is_complete and right.is_complete):
            lines = differences(left.result, right.result, "result")
        else:
            lines = [
                line
                for name, old, new in zip(names, left.result, right.result, strict=True)
                for line in differences(
                    *((old, new) if same_types else (_plain(old), _plain(new))), name
                )
            ]
        yield from (f"{left.where}: {line}" for line in lines)
        if lines:
            return


def _tell(call: Call) -> str:
    return "no exception" if call.error is None else tell_exception(call.error)


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value
