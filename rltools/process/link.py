"""What a way to a worker must be able to do, wherever the worker is."""

from typing import Any, Protocol

from rltools.process.fleet import Berth
from rltools.process.request import Request


class Link(Protocol):
    """Carries requests to a worker, in their order, and its replies back.

    Attributes:
        index: What error messages call the worker.
        berth: The worker's place in shared memory, if it has one.
    """

    index: int
    berth: Berth | None

    @property
    def pid(self) -> int:
        """Process id of the worker, on the machine it runs on."""

    @property
    def idle(self) -> bool:
        """Whether a reply may come in shared memory: no other one is awaited."""

    @property
    def closed(self) -> bool:
        """Whether the worker was closed, or is being closed."""

    def send(self, request: Request, body: bytes, *descriptors: int) -> Request:
        """Number a request and send it, with descriptors; returns it."""

    def wait(self, request: Request, timeout: float | None = None) -> Any:
        """Wait for the result of a request, for `timeout` seconds or its own limit."""

    def ready(self, request: Request) -> bool:
        """Whether `wait` would return at once."""

    def kill(self) -> None:
        """End the worker at once, whatever it is doing."""

    def start_close(self, deadline: float) -> None:
        """Ask for the end, by a time of `time.monotonic`; does not wait."""

    def close(self) -> None:
        """End the worker; `start_close` comes first. Never raises."""
