"""Whether what is asked of a replay is what was recorded, and how it differs."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from rltools.checks.difference import differences
from rltools.errors import ReplayError
from rltools.mocks.recording.recording import Episode

_MAX_SHOWN = 10


def compare_resets(episode: Episode, seed: Any, options: Any) -> list[str]:
    """Compare the arguments of a reset with those that an episode was recorded with.

    Returns:
        A line for every leaf that differs; empty if none does.
    """
    problems = differences(plain(episode.seed), plain(seed), "seed")
    if episode.options is None and options is None:  # Nearly always.
        return problems
    return problems + differences(plain(episode.options), plain(options), "options")


def difference_error(what: str, problems: Sequence[str]) -> ReplayError:
    """Make the error that shows differences, the first ones of them in its message."""
    lines = [f"- {problem}" for problem in problems[:_MAX_SHOWN]]
    if len(problems) > _MAX_SHOWN:
        lines.append(f"- and {len(problems) - _MAX_SHOWN} more")
    return ReplayError("\n".join([f"{what}:", *lines]), differences=problems)


def plain(value: Any) -> Any:
    """A value with Python numbers in the place of NumPy's single ones.

    Which type a number has depends on who passes it on, not on what is meant by it.

    >>> import numpy as np
    >>> plain({"move": np.int64(2), "turn": (np.array(True), np.float32(0.5))})
    {'move': 2, 'turn': (True, 0.5)}
    """
    if isinstance(value, np.ndarray | np.generic):
        is_number = value.ndim == 0 and value.dtype.kind in "biufc"
        return value.item() if is_number else value
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    if isinstance(value, tuple | list):
        parts = [plain(part) for part in value]
        is_named = hasattr(value, "_fields")
        return type(value)(*parts) if is_named else type(value)(parts)
    return value
