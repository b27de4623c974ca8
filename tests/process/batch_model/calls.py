"""Calls of a batch or of its environments, and which of them stand in the way."""

from contextlib import ExitStack
from dataclasses import dataclass, field

import numpy as np

from rltools.errors import (
    ClosedError,
    PendingCallError,
    ResetNeededError,
    WorkerError,
)
from tests.process.batch_model.making import make


@dataclass(eq=False)
class Call:
    """A call under way, or ended.

    Attributes:
        rows: The environments that take part, in the order of the result.
        parts: By worker.
        returns_all: Whether the result has a row for every environment.
        promise: None if it was dropped.
        is_late: Whether a wait for it ended without the result.
        refusal: What it raises since it was given up.
        settled: The tuple `(value, error)`, once it was there.
    """

    kind: str
    rows: list
    parts: dict
    returns_all: bool = True
    of_batch: bool = True
    promise: object = None
    is_late: bool = False
    refusal: type | None = None
    settled: tuple | None = field(default=None, repr=False)

    @property
    def is_over(self):
        return self.settled is not None or self.refusal is not None

    @property
    def is_held(self):
        return not self.is_over and self.promise is not None


class Calls:
    """Where a batch and its calls stand.

    Attributes:
        batch: The batch.
        workers: The models of its workers.
        of_row: The model of the worker of each environment.
        started, ended: What the batch knows of the episode of each environment.
        pending: The last promised call of the batch.
        busy: By environment, the call of the batch that it is part of, if not over.
        single: By environment, the step or reset of its own, if not over.
        closed: Whether the batch is.
        has_lost_track: Whether nobody can know any more what has become of some
            environments, such as whether an answer came before a death, where the call
            raised for others.
    """

    def __init__(self, folder, *, count, grouping, autoreset, **options):
        self.count, self.autoreset = count, autoreset
        self.is_apart = grouping == "apart"
        self.timeout = options["timeout"]
        self.stack = ExitStack()
        self.batch, self.workers = make(
            *(folder, self.stack),
            **{"count": count, "grouping": grouping, "autoreset": autoreset, **options},
        )
        self.of_row = [w for w in self.workers for _ in w.members]
        self.started, self.ended = np.zeros(count, bool), np.zeros(count, bool)
        self.pending, self.busy, self.single = None, {}, {}
        self.closed = self.has_lost_track = False

    def _refusal_of_batch(self, kind, rows):
        if self.closed:
            return (ClosedError,)
        pending = self.pending
        if pending is not None and not pending.is_over:
            may_go_on = kind == "reset" and pending.is_late
            if pending.is_held and not may_go_on:
                return (PendingCallError,)
            pending.refusal = PendingCallError
            pending.is_late = True
            self.let_go(pending)
            self.started[pending.rows] = self.ended[pending.rows] = False
        waits = ~self.started | (self.ended & (self.autoreset == "disabled"))
        refusals = (ResetNeededError,) if kind == "step" and waits.any() else ()
        for row in rows if kind != "call" else ():
            single = self.single.get(row)
            if single is not None and not (kind == "reset" and single.is_late):
                refusals += (PendingCallError,)
        return refusals

    def let_go(self, call):
        """Nobody waits for a call any more, or for now."""
        # What was lost may have been made again by now, or may never be.
        self.has_lost_track |= any(
            worker.makes_again(part) for worker, part in call.parts.items()
        )
        # A step may have told by now what was lost, to nobody.
        for worker, part in call.parts.items():
            worker.maybe_told |= worker.lost & part.asks.keys()

    def _refusal_of_single(self, row, kind):
        if self.closed:
            return (ClosedError,)
        for call in (self.single.get(row), self.busy.get(row)):
            if call is not None and kind != "call":
                late = call.is_late or call.promise is None
                if (
                    call.is_held
                    and call.of_batch
                    and call.parts[self.of_row[row]].is_one
                ):
                    late = False  # Its result is still where the next one would be.
                if kind == "step" or not late:
                    worker = self.of_row[row]
                    is_dead = not worker.alive and not worker.can_return
                    return (PendingCallError, *[WorkerError] * is_dead)
        return ()

    def _send(self, asks, *, of_group=None):
        """Ask environments, in a call of the batch of the kind `of_group` if any."""
        parts = {}
        for worker in self.workers:
            ours = {row: ask for row, ask in asks.items() if row in worker.members}
            if ours:
                together = of_group is not None and not self.is_apart
                resets = any(ask.kind == "reset" for ask in ours.values())
                if of_group == "step" and resets and worker.unseeded:
                    together = False  # Each may need a seed of its own.
                parts[worker] = worker.send(ours, together=together)
                parts[worker].vague |= {row for row in ours if self._is_vague(row)}
        return parts

    def _is_vague(self, row):
        calls = self.single.get(row), self.busy.get(row)
        parts = [call.parts.get(self.of_row[row]) for call in calls if call is not None]
        return any(part is not None and part.has_ended for part in parts)

    def _occupy(self, call):
        for worker, part in call.parts.items():
            if call.kind == "reset" and not part.is_one and not self.is_apart:
                for row in part.asks:
                    self._free(row)
            for row in worker.members if part.is_one else part.asks:
                self.busy[row] = call
        for row in call.rows:
            self.single.pop(row, None)

    def _free(self, row):
        worker = self.of_row[row]
        call = self.busy.get(row)
        if call is not None and worker in call.parts:
            part = call.parts[worker]
            # What is made again for the call may come before this reset, or after it.
            self.has_lost_track |= part.has_ended and not call.is_over
            for other in worker.members if part.is_one else ():
                self.busy.pop(other, None)
        self.busy.pop(row, None)
