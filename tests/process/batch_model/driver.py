"""Uses a batch and its model at the same time, and compares what comes of it."""

import os
import select
import signal
import time
from functools import partial

from rltools.errors import (
    ClosedError,
    RemoteError,
    RequestTimeoutError,
    WorkerDiedError,
)
from tests.process.batch_model import results
from tests.process.batch_model.calls import Call
from tests.process.batch_model.requests import Ask
from tests.process.batch_model.settling import Settling

SECONDS_AT_MOST = 10


class Driver(Settling):
    """Uses a batch; each use ends in a comparison with the model.

    Attributes:
        uses: How often it has been used.
    """

    uses = 0

    def attempt(self, function, *args, **kwargs):
        """What a function returns and what it raises, within a hard limit.

        A list, so that a promise can be taken out: a traceback that is kept holds on to
        the variables of all functions that led there, but must not to promises.
        """
        self.uses += 1
        for worker in self.workers:
            worker.life_before = worker.life
        start = time.monotonic()
        outcome = [None, None]
        try:
            outcome[0] = function(*args, **kwargs)
        except Exception as problem:  # Whatever it is, it must be what is expected.
            outcome[1] = problem.with_traceback(None)
        assert time.monotonic() - start < SECONDS_AT_MOST
        if not self.closed:
            for worker in self.workers:
                if not worker.is_here:
                    worker.see_pid(self.batch[worker.members[0]].pid)
        return outcome

    def use_batch(self, kind, rows, asks, function, *, returns_all, blocking):
        """Step or reset the batch; returns the call if it is under way."""
        if self.has_lost_track:
            return None
        refusal = self._refusal_of_batch(kind, rows)
        if refusal:
            self._check_refused(self.attempt(function, blocking=blocking), refusal)
            return None
        call = Call(kind, rows, self._send(asks, of_group=kind), returns_all)
        for row in rows:
            if kind == "reset" and not self.is_apart:
                self.of_row[row].begun.add(row)
        self._occupy(call)
        outcome = self.attempt(function, blocking=blocking)
        if blocking:
            self._settle_batch(call, *outcome)
            return None
        assert outcome[1] is None, outcome
        call.promise = outcome.pop(0)
        self.pending = call
        return call

    def use_single(self, row, ask, function, *, blocking):
        """Ask one environment; returns the call if it is under way."""
        if self.has_lost_track:
            return None
        refusal = self._refusal_of_single(row, ask.kind)
        if refusal:
            self._check_refused(self.attempt(function, blocking=blocking), refusal)
            return None
        call = Call(ask.kind, [row], self._send({row: ask}), of_batch=False)
        if ask.kind == "reset":
            self._free(row)
        if ask.kind != "call":
            self.single[row] = call
            # Which may be in the row that a later reset of others shows.
            for part in call.parts.values():
                if row in part.rows:
                    self.known.setdefault(row, []).append(part.rows[row].value)
        outcome = self.attempt(function, blocking=blocking)
        if blocking:
            self._settle_single(call, *outcome)
            return None
        if outcome[1] is not None:  # What is known at once is raised at once.
            self._settle_single(call, *outcome)
            return None
        call.promise = outcome.pop(0)
        return call

    def fetch(self, call, timeout=None):
        """Ask for the result of a promised call."""
        if self.has_lost_track:
            return
        is_blocked = self.blocks(call)
        value, error = self.attempt(call.promise.result, timeout)
        if call.refusal is not None:
            assert isinstance(error, call.refusal), (call, value, error)
        elif self.closed and call.settled is None:
            self._check_after_close(call, value, error)
        elif call.settled is not None:
            assert value is call.settled[0], (call, value)
            assert error is call.settled[1], (call, error)
        elif (
            timeout is not None
            and type(error) is RequestTimeoutError
            and not error.is_final
        ):
            assert is_blocked or timeout < 1
            call.is_late = True
            self.let_go(call)
        else:
            assert not is_blocked or timeout is None
            settle = self._settle_batch if call.of_batch else self._settle_single
            settle(call, value, error)

    def call_all(self, action):
        """Call a method of all environments, and wait for it."""
        if self.has_lost_track:
            return None
        refusal = self._refusal_of_batch("call", [])
        function = partial(self.batch.call, "harm", action)
        if refusal:
            return self._check_refused(self.attempt(function), refusal)
        asks = {row: Ask("call", action) for row in range(self.count)}
        parts = self._send(asks)
        value, error = self.attempt(function)
        failed = {}
        for worker, part in parts.items():
            for row in part.asks:
                result = worker.settle(part, row, was_lost=True)
                if result.error is not None:
                    failed[row] = result.error
                    if part.has_ended:  # Or it has failed after the worker was back.
                        failed[row] = WorkerDiedError, RequestTimeoutError, RemoteError
                elif error is None and row not in part.vague:
                    assert value[row] == result.value
        if failed:
            return results.check_error(error, failed, "harm", may_skip=True)
        assert error is None, error
        return None

    def look(self, call):
        """Ask whether the result of a promised call is there."""
        if self.has_lost_track:
            return
        is_ready, error = self.attempt(call.promise.ready)
        assert error is None, error
        if call.is_over or self.closed:
            assert is_ready
        elif self.blocks(call):
            assert not is_ready
        elif is_ready:
            for part in call.parts.values():
                part.was_seen |= not part.has_ended

    def is_certain_of(self, row):
        """Whether it is known if a call of others stands in the way of this one."""
        call = self.busy.get(row)
        worker = self.of_row[row]
        if call is None or worker not in call.parts or call.settled is not None:
            return True
        if row in call.rows and not call.is_late:
            return True
        if len(call.parts) > 1 and not call.is_held:
            return False  # Its part may have been taken before others were late.
        part = call.parts[worker]
        return part.is_one and not part.has_ended

    def may_die(self, worker):
        """Whether what comes of that could be told."""
        if not worker.alive or self.closed or worker.is_here:
            return False
        return not any(
            part.has_ended and not call.is_over
            for call in (*self.busy.values(), *self.single.values())
            for other, part in call.parts.items()
            if other is worker
        )

    def kill(self, worker):
        """End a worker's process from outside."""
        pid = worker.pids[-1]
        handle = os.pidfd_open(pid)
        try:
            os.kill(pid, signal.SIGKILL)
            assert select.select([handle], [], [], SECONDS_AT_MOST)[0]
        finally:
            os.close(handle)
        worker.end_life(WorkerDiedError)

    def close(self):
        """Close the batch, twice, and see that nothing is left of it."""
        for _ in range(2):
            assert self.attempt(self.batch.close) == [None, None]
        self.closed = True
        pids = [pid for w in self.workers if not w.is_here for pid in w.pids]
        assert not [pid for pid in pids if os.path.exists(f"/proc/{pid}")]
        if self.pending is not None and not self.pending.is_over:
            self.pending.refusal = ClosedError

    def end(self):
        """Close all that there is."""
        with self.stack:
            if not self.closed:
                self.close()

    def drop(self, call):
        """Let go of a promise."""
        call.promise = None
        if not call.is_over:
            self.let_go(call)
        for row in call.rows:
            if self.single.get(row) is call:
                del self.single[row]

    def blocks(self, call):
        """Whether a gate keeps the result of a call back."""
        return not (call.is_over or self.closed) and any(
            worker.blocks(part, row)
            for worker, part in call.parts.items()
            for row in part.asks
        )
