"""One life of an actor: its environments, and what they can be asked for."""

from typing import Any

from rltools.cluster.channel import ActorChannel
from rltools.cluster.messages import ColumnBytes
from rltools.hosting.columns import Columns
from rltools.process.client import WorkerClient


class ActorClient(WorkerClient):
    """Has environments made in an actor; see `WorkerClient`.

    Both sides have columns of their own, and what changes there is sent in messages.

    Args:
        channel: The way to the actor.
    """

    def __init__(self, channel: ActorChannel) -> None:
        super().__init__(channel)
        self._actor_channel = channel
        self._columns: Columns | None = None

    def constructed(self) -> dict[str, Any]:
        """See `WorkerClient`; the way to the actor learns of the columns then."""
        description = super().constructed()
        if self._actor_channel.column_bytes is None and not self.channel.closed:
            self._actor_channel.column_bytes = ColumnBytes(self.columns)
        return description

    def take_over(self, before: WorkerClient) -> None:
        """See `WorkerClient`."""
        super().take_over(before)
        if isinstance(before, ActorClient):
            self._columns = before._columns

    def take_place(self) -> None:
        """See `WorkerClient`; an actor has one from the beginning."""

    @property
    def columns(self) -> Columns:
        """See `WorkerClient`."""
        if self._columns is None:
            about = super().constructed()
            spaces = about["observation_space"], about["action_space"]
            self._columns = Columns(*spaces, self._count)
        return self._columns
