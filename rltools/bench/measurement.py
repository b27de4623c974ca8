"""How many steps were made in how much time."""

import itertools
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Measurement:
    """One figure.

    Attributes:
        steps: Steps of single environments, resets in their place included.
        seconds: How long they took.
        start_seconds: How long it took before, until all environments were reset.
        note: What else is to be known about it.
    """

    steps: int
    seconds: float
    start_seconds: float
    note: str = ""

    @property
    def steps_per_second(self) -> float:
        """Steps of single environments per second."""
        return self.steps / self.seconds


def step_for(
    seconds: float, step: Callable[[Any], Any], actions: Iterable[Any]
) -> tuple[int, float]:
    """Step until a time is over, at least once.

    Args:
        seconds: How long; the last step that begins before the end is completed.
        step: Called with one entry of the actions at a time.
        actions: Endless.

    Returns:
        The tuple `(calls, seconds)` of what was really done.
    """
    clock = time.perf_counter
    started = clock()
    deadline = started + seconds
    for calls, action in enumerate(actions, start=1):
        step(action)
        if (now := clock()) >= deadline:
            return calls, now - started
    raise AssertionError("the actions ended")


def warm_up_and_step(
    seconds: float, step: Callable[[Any], Any], actions: Sequence[Any]
) -> tuple[int, float]:
    """Step for a quarter of a time to warm up, which isn't counted, and then for it."""
    endless = itertools.cycle(actions)
    step_for(seconds / 4, step, endless)
    return step_for(seconds, step, endless)
