"""Brings an actor back after its death, a limited number of times."""

from collections.abc import Callable, Sequence
from typing import Any

from rltools.cluster.channel import ActorChannel
from rltools.cluster.client import ActorClient
from rltools.process.client import WorkerClient
from rltools.process.supervisor import Supervisor


class ActorSupervisor(Supervisor):
    """An actor through all of its lives, each of which may be on another node.

    Args:
        constructors: Make its environments, in every life.
        timeout: Seconds that a request may take; None for as long as it takes.
        restarts: How many lives may follow the first.
        options: Those of the Ray actor, as `check_ray_options` returns them.
    """

    shares_memory = False

    def __init__(
        self,
        constructors: Sequence[Callable[[], Any]],
        *,
        timeout: float | None,
        restarts: int,
        options: dict[str, Any],
    ) -> None:
        self._timeout = timeout
        self._actor_options = options
        super().__init__(constructors, restarts=restarts)

    def _make_client(self) -> WorkerClient:
        channel = ActorChannel(
            index=self._index, timeout=self._timeout, options=self._actor_options
        )
        return ActorClient(channel)
