"""Brings a worker back after its death, a limited number of times."""

import itertools
import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from rltools.errors import (
    ClosedError,
    RemoteError,
    RequestTimeoutError,
    WorkerDiedError,
    WorkerError,
)
from rltools.process.channel import WorkerChannel
from rltools.process.client import WorkerClient
from rltools.process.current_episodes import CurrentEpisodes
from rltools.process.link import Link
from rltools.process.open_calls import OpenCalls
from rltools.process.protocol import Command

_log = logging.getLogger(__name__)
_indices = itertools.count()


class Supervisor:
    """A worker through all of its lives.

    When a worker dies, or hangs for longer than its timeout, the episodes of all its
    environments are lost. A new life begins at once, and each lost episode is told
    once: as a step that is truncated where it was, so that nothing spans two lives.

    Args:
        constructors: Make its environments, in every life.
        timeout: Seconds that a request may take; None for as long as it takes.
        threads: Threads of its numerical libraries; see `launcher.launch`.
        restarts: How many lives may follow the first.

    Attributes:
        client: The current life.
        life: Its number, from 0.
        episodes: Of its environments.
        open: Its calls that are not over.
        index: What error messages call the worker.
        shares_memory: Whether its workers can share memory with this process.
    """

    shares_memory = True

    def __init__(
        self,
        constructors: Sequence[Callable[[], Any]],
        *,
        timeout: float | None = None,
        threads: int | None = None,
        restarts: int = 0,
    ) -> None:
        self._constructors = list(constructors)
        self._options: dict[str, Any] = {"timeout": timeout, "threads": threads}
        self._restarts = restarts
        self._index = next(_indices)
        self._cores: set[int] | None = None
        self._lock = threading.Lock()
        self._first_cause: WorkerError | None = None
        self.life = 0
        self.episodes = CurrentEpisodes()
        self.open = OpenCalls()
        self.client = self._begin_life()

    @property
    def index(self) -> int:
        """What error messages call the worker."""
        return self._index

    @index.setter
    def index(self, index: int) -> None:
        self._index = self.client.channel.index = index
        if self.count == 1:  # Its environment has the same place, or will be told.
            self.client.first = index

    @property
    def count(self) -> int:
        """The number of its environments."""
        return len(self._constructors)

    @property
    def timeout(self) -> float | None:
        """Seconds that a request may take; None for as long as it takes."""
        return self._options["timeout"]

    @property
    def restartable(self) -> bool:
        """Whether a restart has been allowed for."""
        return self._restarts > 0

    def extend(self, constructors: Sequence[Callable[[], Any]]) -> None:
        """Have more environments made; does not wait for them."""
        self._constructors += constructors
        self.client.build(constructors)

    def ask(self, command: Command, *arguments: Any) -> Any:
        """Ask for something that concerns the worker as a whole, and wait for it."""
        request = self.client.request(command, *arguments, label=command.name.lower())
        return self.client.channel.wait(request)

    def place(self, first: int) -> None:
        """Tell where in a batch its environments are."""
        self.client.place(first)

    def pin(self, cores: set[int]) -> None:
        """Have it run on these cores only, in later lives, too."""
        self._cores = cores
        self.client.pin(cores)

    def start_close(self, deadline: float) -> None:
        """Ask for the end, by a time of `time.monotonic`; does not wait."""
        self.client.channel.start_close(deadline)

    def close(self) -> None:
        """End the worker; `start_close` comes first. Never raises."""
        self.client.channel.close()
        self.client.leave()
        self.episodes.forget_rows()
        self._first_cause = None  # Its traceback holds on to the shared memory.

    def is_fatal(self, error: Exception, timeout: float | None = None) -> bool:
        """Whether an error is one that a restart could help against.

        Args:
            error: What a request came to.
            timeout: Of the caller's own, who has been waiting for it.
        """
        if not self.restartable:
            return False
        if isinstance(error, RequestTimeoutError):
            return timeout is None  # Else it is the caller's patience that has ended.
        if isinstance(error, RemoteError):
            return self.life > 0 and error.command == "constructor"
        return isinstance(error, WorkerDiedError)

    def begun(self, slots: Sequence[int]) -> None:
        """Note that environments have episodes that can be lost."""
        self.episodes.begin(slots)
        self.open.outdate(slots)

    def recover(self, channel: Link, error: WorkerError) -> None:
        """Begin a new life after one has died or does not answer.

        Args:
            channel: The way to that life; there may be another one by now.
            error: How it has ended.

        Raises:
            WorkerError: None is left; the first cause of all restarts.
            ClosedError: It has been closed.
        """
        with self._lock:
            client = self.client
            if channel is not client.channel:
                return  # Somebody else has noticed, too.
            # Its frames would hold on to the promise that was waited for.
            error.__traceback__ = error.__context__ = None
            self._first_cause = self._first_cause or error
            if channel.closed:
                raise error
            # Else it would be waited for again, by every call from now on.
            channel.kill()
            if self.life == self._restarts:
                if error is not self._first_cause:
                    self._first_cause.add_note(
                        f"Its {self._restarts} restarts are used up. The last one "
                        f"ended so: {error}"
                    )
                if isinstance(self._first_cause, RequestTimeoutError):
                    self._first_cause.is_final = True
                raise self._first_cause.with_traceback(None)
            self.life += 1
            _log.warning("%s Restart %d of %d.", error, self.life, self._restarts)
            self.episodes.lose(count=self.count, life=self.life, cause=str(error))
            self.client = self._begin_life()
            self._go_on_from(client)

    def _go_on_from(self, client: WorkerClient) -> None:
        if client.channel.closed:  # Meanwhile, by a signal handler or a thread.
            self.start_close(time.monotonic())
            self.close()
            raise ClosedError(f"{client.channel} has been closed.")
        self.client.take_over(client)

    def _make_client(self) -> WorkerClient:
        """A life without environments yet; other places of work make another one."""
        return WorkerClient(WorkerChannel(index=self._index, **self._options))

    def _begin_life(self) -> WorkerClient:
        client = self._make_client()
        try:
            client.build(self._constructors)
            if self._cores is not None:
                client.pin(self._cores)
        except BaseException:
            client.channel.kill()
            raise
        return client
