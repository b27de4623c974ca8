"""Calls of a worker's environments that are not over, and stand in each other's way."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol
from weakref import ref

from rltools.process.lockstep import Lockstep


class OpenCall(Protocol):
    """A call whose result may not have been taken yet.

    Attributes:
        is_over: Whether it has, and nobody needs the rows that it has filled.
        given_up: Whether nobody waits for it any more.
    """

    given_up: bool

    @property
    def is_over(self) -> bool:
        """See the class."""


@dataclass
class _LateCall:
    """Stands for a call that was given up, and that may still be carried out."""

    is_over: bool = False
    given_up: bool = True


_LATE_CALL = _LateCall()


class OpenCalls:
    """Steps and resets of a worker: of all its environments, or made for one alone.

    A step or reset for one alone is numbered, and outdates those before.

    Attributes:
        promised: Environments of which a promise may be pending that was made for them
            alone.
        late: Environments whose last step or reset, made for them alone, has timed out
            and may still be carried out.
        lockstep: By which the worker is stepped together with others, if it is.
    """

    def __init__(self) -> None:
        self.lockstep: Lockstep | None = None
        self.promised: set[int] = set()
        self.late: set[int] = set()
        self._numbers: dict[int, int] = {}
        self._rows_call: Callable[[], OpenCall | None] = _no_call
        self._forgotten: Callable[[], OpenCall | None] = _no_call

    @property
    def rows_call(self) -> OpenCall | None:
        """The last call of all its environments at once, while that is not over."""
        for call in (self._rows_call(), self._joint_call()):
            if call is not None and not call.is_over:
                return call
        return None

    @rows_call.setter
    def rows_call(self, call: OpenCall | None) -> None:
        self._rows_call = _no_call if call is None else ref(call)
        # Whatever has begun since, or goes on from here, makes that matter no more.
        if (joint := self._joint_call()) is not None:
            self._forgotten = ref(joint)

    def give_up_rows_call(self) -> None:
        """Note that the last call of all is late; it stays so if nobody holds it."""
        if self.rows_call is not None:
            self.note_late_step()

    def note_late_step(self) -> None:
        """Note that a step of all may still be carried out, which nobody waits for."""
        self._rows_call = lambda: _LATE_CALL

    def next_of(self, slot: int) -> int:
        """The number of a step or reset that begins, of one environment alone."""
        number = self._numbers[slot] = self._numbers.get(slot, 0) + 1
        self.late.discard(slot)
        return number

    def outdate(self, slots: Sequence[int]) -> None:
        """Note that a reset of several environments begins."""
        for slot in slots if self._numbers else ():
            self.next_of(slot)

    def is_outdated(self, slot: int, number: int) -> bool:
        """Whether another step or reset has begun since one of this number."""
        return self._numbers[slot] != number

    def _joint_call(self) -> OpenCall | None:
        """The last step of its whole fleet, unless it does not matter any more."""
        call = None if self.lockstep is None else self.lockstep.call
        return None if call is self._forgotten() else call


def _no_call() -> None:
    """Where no call is remembered."""
