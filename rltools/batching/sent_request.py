"""A request to a worker that may have another life by the time it is answered."""

from rltools.process.failure import Failure
from rltools.process.link import Link
from rltools.process.packing import PackedReport
from rltools.process.request import Request


class SentRequest:
    """A request, and the life of the worker that it was sent to."""

    def __init__(self, channel: Link, request: Request) -> None:
        self.channel = channel
        self._request = request

    def ready(self) -> bool:
        """Whether `wait` would return at once."""
        return self.channel.ready(self._request)

    def wait(self, timeout: float | None) -> PackedReport:
        """See `WorkerChannel.wait`."""
        return self.channel.wait(self._request, timeout)

    def error(self, failure: Failure, env: int) -> Exception:
        """The error for what one of the environments raised."""
        channel = self.channel
        return self._request.remote_error(failure, channel.index, str(channel), env)
