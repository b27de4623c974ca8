"""One life of an actor: its environments, and what they can be asked for."""

from typing import Any

from rltools.cluster.channel import ActorChannel
from rltools.cluster.messages import ColumnBytes
from rltools.process.block import SharedBlock
from rltools.process.client import WorkerClient


class ActorClient(WorkerClient):
    """Has environments made in an actor; see `WorkerClient`.

    Args:
        channel: The way to the actor.
        block: Memory for columns of this side.
    """

    def __init__(self, channel: ActorChannel, block: SharedBlock) -> None:
        super().__init__(channel, block)
        self._actor_channel = channel

    def constructed(self) -> dict[str, Any]:
        """See `WorkerClient`; the way to the actor learns of the columns then."""
        description = super().constructed()
        if self._actor_channel.column_bytes is None and not self.channel.closed:
            self._actor_channel.column_bytes = ColumnBytes(self.columns)
        return description
