"""Tells how long calls of a method take, without the help of whoever makes them."""

import time
from collections.abc import Iterable
from typing import Any

clock = time.monotonic


class Stopwatch:
    """Times methods of objects by taking their place in the object."""

    def __init__(self) -> None:
        self.spans: list[tuple[float, float]] = []

    def follow(self, owner: Any, name: str) -> None:
        """Time a method of one object from now on; may be several methods.

        Args:
            owner: The object.
            name: Name of the method.
        """
        method = getattr(owner, name)

        def timed(*args: Any, **kwargs: Any) -> Any:
            started = clock()
            result = method(*args, **kwargs)
            self.spans.append((started, clock()))
            return result

        setattr(owner, name, timed)

    def between(self, start: float, end: float) -> list[tuple[float, float]]:
        """The calls that began and ended within some time, in their order."""
        return [span for span in self.spans if start <= span[0] and span[1] <= end]


def total(spans: Iterable[tuple[float, float]]) -> float:
    """Seconds of all calls together."""
    return sum(end - start for start, end in spans)
