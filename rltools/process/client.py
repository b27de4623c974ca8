"""One life of a worker: its environments, and what they can be asked for."""

import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any
from weakref import ref

from rltools.errors import (
    ClosedError,
    InvalidSpaceError,
    NotPicklableError,
    WorkerDiedError,
)
from rltools.hosting.columns import Columns
from rltools.process.fleet import Berth, Fleet
from rltools.process.link import Link
from rltools.process.protocol import Command, dumps, dumps_by_value
from rltools.process.registrations import pack_registrations
from rltools.process.request import Request


class WorkerClient:
    """Has environments made in a worker of its own, and asks for what they can do.

    Args:
        channel: The way to the worker.

    Attributes:
        channel: See above.
        first: Place in a batch of the worker's first environment.
    """

    def __init__(self, channel: Link) -> None:
        self.channel = channel
        self.first: int = channel.index
        self._expected: dict[str, Any] | None = None
        self._count = 0
        self._built: Request | None = None
        self._description: dict[str, Any] | None = None
        self._moving: Request | None = None
        self._in_row: Callable[[], Request | None] = lambda: None

    @property
    def awaits_row(self) -> bool:
        """Whether a reply that has not come yet may leave its observation in a row.

        What has the worker fill the row again would then take its place.
        """
        request = self._in_row()
        return request is not None and request.observs is not None

    def build(self, constructors: Sequence[Callable[[], Any]]) -> None:
        """Have environments made, beside those there are; does not wait for them.

        Raises:
            NotPicklableError: A constructor can't be pickled.
        """
        packed = pickled("constructor", list(constructors), dumps_by_value)
        registrations = None if self._count else pack_registrations()
        self._count += len(constructors)
        self._description = None
        request = Request(Command.BUILD, "constructor")
        self._built = self.channel.send(
            request, dumps((packed, registrations, sys.argv))
        )

    def take_over(self, before: "WorkerClient") -> None:
        """Go on where the life before this one was; its rows are still there."""
        self._expected = before._description or before._expected
        # If it has died already, who uses it next is told, and begins another.
        with suppress(WorkerDiedError):
            self.place(before.first)
        if (berth := before.channel.berth) is not None:
            with suppress(WorkerDiedError):
                self.move_in(berth)

    def constructed(self) -> dict[str, Any]:
        """Wait for the environments; returns their spaces, metadata and render mode.

        Raises:
            RemoteError: A constructor raised.
            WorkerDiedError: The worker died first.
            InvalidSpaceError: The spaces are not those of the life before.
        """
        if self._description is None:
            assert self._built is not None, "build comes first"
            description = self.channel.wait(self._built)
            _check_same_spaces(description, self._expected or description)
            self._description = description
        return self._description

    def about(self) -> dict[str, Any]:
        """As `constructed`, without a wait where a life before this one has told."""
        return self._expected or self.constructed()

    @property
    def columns(self) -> Columns:
        """The rows of its environments, in memory that the worker shares.

        Raises:
            OSError: There is not so much memory.
            ClosedError: It is not shared any more.
        """
        self.take_place()
        assert self.channel.berth is not None
        columns = self.channel.berth.columns
        if columns is None:
            raise ClosedError(f"{self.channel} has been closed.")
        return columns

    def take_place(self) -> None:
        """Give the worker a place of its own in shared memory if it has none.

        Raises:
            OSError: There is not so much memory.
        """
        if self.channel.berth is None:
            about = self.constructed()
            spaces = about["observation_space"], about["action_space"]
            self.move_in(Fleet(*spaces, [self._count]).berths[0])

    def move_in(self, berth: Berth) -> None:
        """Give the worker a place in shared memory; does not wait until it has it."""
        before, self.channel.berth = self.channel.berth, berth
        if before is not None:
            before.leave()
        request = Request(Command.MOVE_IN, "sharing memory")
        descriptor = berth.fleet.block.fileno()
        self._moving = self.channel.send(request, dumps(berth.layout), descriptor)

    def moved_in(self) -> None:
        """Wait until the worker has its place.

        Raises:
            WorkerError: It has died, or can't map the memory.
        """
        if self._moving is not None:
            self.channel.wait(self._moving)
            self._moving = None

    def leave(self) -> None:
        """Let go of the shared memory, which is given back once nobody looks at it."""
        if self.channel.berth is not None:
            self.channel.berth.leave()

    def place(self, first: int) -> None:
        """Tell where in a batch its environments are."""
        self.first = first
        self.channel.send(Request(Command.PLACE, "place"), dumps((first,)))

    def pin(self, cores: set[int]) -> None:
        """Have the worker run on these cores only, and what it starts from now on."""
        with suppress(ProcessLookupError):  # Whoever uses it next is told.
            os.sched_setaffinity(self.channel.pid, cores)

    def request(
        self,
        command: Command,
        *arguments: Any,
        label: str,
        slot: int | None = None,
        in_row: bool = False,
    ) -> Request:
        """Ask for something; returns the request, which gets its reply later.

        Args:
            command: What to ask for.
            *arguments: Its arguments, after the slot if there is one.
            label: What error messages call it.
            slot: Which of the worker's environments it is for; None for all.
            in_row: Whether the observation may come in a row. It does if no other
                reply could come in its way.

        Raises:
            ClosedError: The worker has been closed.
            NotPicklableError: An argument can't be pickled.
            WorkerDiedError: The worker has died before.
        """
        if self.channel.closed:
            raise ClosedError(f"{self.channel} has been closed: it can't do {label!r}.")
        self.constructed()
        self.moved_in()
        request = Request(command, label, is_shared=self._count > 1)
        if slot is not None:
            arguments = (slot, *arguments)
            request.env = self.first + slot
        if in_row:
            in_row = self._count == 1 and self.channel.idle
            if in_row:
                request.observs = self.columns.observs
                self._in_row = ref(request)
            arguments = (*arguments, in_row)
        body = pickled(label, arguments, dumps) if arguments else b""
        return self.channel.send(request, body)


def _check_same_spaces(found: dict[str, Any], expected: dict[str, Any]) -> None:
    for kind in ("observation_space", "action_space"):
        if found[kind] != expected[kind]:
            raise InvalidSpaceError(
                f"{kind} of a restarted worker: expected {expected[kind]} as before, "
                f"got {found[kind]}."
            )


def pickled(label: str, value: Any, pickler: Callable[[Any], bytes]) -> bytes:
    """Pickle a value that goes to a worker; `label` says what for.

    Raises:
        NotPicklableError: It can't be pickled.
    """
    try:
        return pickler(value)
    except Exception as error:
        raise NotPicklableError(
            f"{label}: what is given to it must cross to another process, but can't "
            f"be pickled: {type(error).__name__}: {error}"
        ) from error
