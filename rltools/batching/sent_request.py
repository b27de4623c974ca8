"""A request to a worker that may have another life by the time it is answered."""

from rltools.process.client import WorkerClient
from rltools.process.failure import Failure
from rltools.process.packing import PackedReport
from rltools.process.request import Request


class SentRequest:
    """A request, and the life of the worker that it was sent to."""

    def __init__(self, client: WorkerClient, request: Request) -> None:
        self.client = client
        self._request = request

    def ready(self) -> bool:
        """Whether `wait` would return at once."""
        return self.client.channel.ready(self._request)

    def wait(self, timeout: float | None) -> PackedReport:
        """See `WorkerChannel.wait`."""
        return self.client.channel.wait(self._request, timeout)

    def error(self, failure: Failure, env: int) -> Exception:
        """The error for what one of the environments raised."""
        channel = self.client.channel
        return self._request.remote_error(failure, channel.index, str(channel), env)
