"""One life of a worker: its environments, and what they can be asked for."""

import os
import sys
from collections.abc import Callable, Sequence
from typing import Any

from rltools.errors import ClosedError, InvalidSpaceError, NotPicklableError
from rltools.hosting.columns import Columns, columns_in, size_of_columns
from rltools.process.bell import BELL_SIZE, IS_RELIABLE, Bell
from rltools.process.block import SharedBlock
from rltools.process.channel import WorkerChannel
from rltools.process.protocol import Command, dumps, dumps_by_value
from rltools.process.registrations import pack_registrations
from rltools.process.request import Request


class WorkerClient:
    """Has environments made in a worker of its own, and asks for what they can do.

    Args:
        block: Memory to share with the worker; it stays the caller's.
        **options: See `WorkerChannel`.

    Attributes:
        channel: The way to the worker.
        first: Place in a batch of the worker's first environment.
    """

    def __init__(self, *, block: SharedBlock, **options: Any) -> None:
        self.channel = WorkerChannel(block=block, **options)
        self.first: int = self.channel.index
        self._expected: dict[str, Any] | None = None
        self._block = block
        self._count = 0
        self._built: Request | None = None
        self._description: dict[str, Any] | None = None
        self._columns: Columns | None = None

    def build(self, constructors: Sequence[Callable[[], Any]]) -> None:
        """Have environments made, beside those there are; does not wait for them.

        Raises:
            NotPicklableError: A constructor can't be pickled.
        """
        packed = pickled("constructor", list(constructors), dumps_by_value)
        registrations = None if self._count else pack_registrations()
        self._count += len(constructors)
        self._description = self._columns = None
        request = Request(Command.BUILD, "constructor")
        self._built = self.channel.send(
            request, dumps((packed, registrations, sys.argv))
        )

    def take_over(self, before: "WorkerClient") -> None:
        """Go on where the life before this one was; the block still has its rows."""
        self.channel.bell = before.channel.bell
        self._expected = before._description or before._expected
        self._columns = before._columns
        self.place(before.first)

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
            self._map()
        return self._description

    def about(self) -> dict[str, Any]:
        """As `constructed`, without a wait where a life before this one has told."""
        return self._expected or self.constructed()

    @property
    def columns(self) -> Columns:
        """The rows of its environments, in memory that the worker shares."""
        if self._columns is None:
            self.constructed()
        assert self._columns is not None, "it has been closed"
        return self._columns

    def _map(self) -> None:
        if self._columns is not None:
            return  # They are still those of the life before.
        assert self._description is not None
        kinds = "observation_space", "action_space"
        layout = *(self._description[kind] for kind in kinds), self._count
        memory = self._block.map(BELL_SIZE + size_of_columns(*layout))
        if IS_RELIABLE:
            self.channel.bell = Bell(memory)
        self._columns = columns_in(memoryview(memory)[BELL_SIZE:], *layout)

    def forget_rows(self) -> None:
        """Let go of the shared memory, which is given back once nobody looks at it."""
        self._columns = self.channel.bell = None

    def place(self, first: int) -> None:
        """Tell where in a batch its environments are."""
        self.first = first
        self.channel.send(Request(Command.PLACE, "place"), dumps((first,)))

    def pin(self, cores: set[int]) -> None:
        """Have the worker run on these cores only, and what it starts from now on."""
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
        request = Request(command, label, is_shared=self._count > 1)
        if slot is not None:
            arguments = (slot, *arguments)
            request.env = self.first + slot
        if in_row:
            in_row = self._count == 1 and self.channel.idle
            request.observs = self.columns.observs if in_row else None
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
