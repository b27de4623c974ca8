"""Where in a cluster an actor has been placed."""

import logging
import math
import time
from types import ModuleType
from typing import Any, NamedTuple

from rltools.cluster.interrupts import is_there

_log = logging.getLogger(__name__)
_SECONDS_TO_WARN = 10.0


class Location(NamedTuple):
    """The process of an actor.

    Attributes:
        pid: Its process id.
        node: Address of the node that it runs on.
    """

    pid: int
    node: str


class Placement:
    """Knows where an actor is, once it is anywhere.

    Args:
        ray: The module, connected to a cluster.
        actor: Handle of the actor.
        needs: The resources that it keeps.

    Attributes:
        location: Where it is, or None as long as that is not known.
        failure: Why it will never be anywhere, or None.
    """

    def __init__(self, ray: ModuleType, actor: Any, needs: dict[str, float]) -> None:
        self.location: Location | None = None
        self.failure: Exception | None = None
        self._ray = ray
        self._needs = needs
        self._located = actor.locate.remote()

    def look(self) -> Location | None:
        """Where it is, or None if that is not known yet; does not wait."""
        if self._is_settled() or not self._ray.is_initialized():
            return self.location
        if is_there(self._ray, self._located, timeout=0):
            self._settle()
        return self.location

    def wait(self, who: str, timeout: float | None = None) -> None:
        """Wait until it has a place or will have none; meanwhile say what it lacks.

        Args:
            who: What to call it.
            timeout: Seconds to wait at most. It is not told if they are over.
        """
        deadline = math.inf if timeout is None else time.monotonic() + timeout
        waited = 0.0
        while not self._is_settled() and self._ray.is_initialized():
            remaining = max(0.0, deadline - time.monotonic())
            seconds = min(_SECONDS_TO_WARN, remaining)
            if is_there(self._ray, self._located, timeout=seconds):
                self._settle()
            elif seconds == remaining:
                return
            else:
                waited += seconds
                self._warn(who, waited)

    def _is_settled(self) -> bool:
        return self.location is not None or self.failure is not None

    def _settle(self) -> None:
        try:
            self.location = Location(*self._ray.get(self._located))
        except self._ray.exceptions.RayError as error:
            self.failure = error

    def _warn(self, who: str, waited: float) -> None:
        free = self._ray.available_resources()
        _log.warning(
            "%s has been waiting to be placed for %g seconds: it needs %s, and the "
            "cluster has %s free.",
            who,
            waited,
            self._needs or "no resources",
            {name: free.get(name, 0.0) for name in self._needs or ("CPU",)},
        )
