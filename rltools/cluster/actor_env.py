"""One environment of an actor."""

from rltools.process.worker_env import WorkerEnv


class ActorEnv(WorkerEnv):
    """An environment that lives in a Ray actor, maybe beside others.

    Args:
        supervisor: Of the actor.
        slot: Which of the actor's environments it is.
    """

    def __repr__(self) -> str:
        channel = self._supervisor.client.channel
        state = " closed" if channel.closed else ""
        return f"<{type(self).__name__} {self.index} of {channel}{state}>"

    __str__ = __repr__
