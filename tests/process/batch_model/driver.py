"""Uses a batch and its model at the same time, and compares what comes of it."""

import itertools
import os
import select
import signal
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from rltools.batch_env import BatchEnv
from rltools.errors import (
    ClosedError,
    PendingCallError,
    RemoteError,
    RequestTimeoutError,
    ResetNeededError,
    WorkerDiedError,
    WorkerError,
)
from rltools.wrappers import ExternalProcess
from tests.process import batch_model_results as results
from tests.process.batch_model import Ask, WorkerModel
from tests.process.batch_model_env import CountingEnv

SECONDS_AT_MOST = 10


class Apart(ExternalProcess):
    """With a step of its own, so that a batch calls each environment by itself."""

    def step(self, action, blocking=True):
        return super().step(action, blocking)


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


class Driver:
    """A batch and its model.

    Attributes:
        pending: The last promised call of the batch.
        busy: By environment, the call that it was part of and that is not over.
        has_lost_track: Whether nobody can know any more what has become of some
            environments: whether an answer came before a death, where the call raised
            for others.
    """

    def __init__(self, folder, *, count, grouping, autoreset, restarts, timeout):
        self.count, self.autoreset, self.timeout = count, autoreset, timeout
        self.is_apart = grouping == "apart"
        self.stack = ExitStack()
        sizes = [1] * count
        if "worker" in grouping:
            workers = min(count, 1 if grouping == "one worker" else 2)
            ends = [count * i // workers for i in range(workers + 1)]
            sizes = [end - start for start, end in itertools.pairwise(ends)]
        firsts = np.cumsum([0, *sizes]).tolist()
        gates, makes = [], []
        for worker, size in enumerate(sizes):
            path = os.path.join(folder, f"gate-{worker}")
            os.mkfifo(path)
            gates.append(os.open(path, os.O_RDWR | os.O_NONBLOCK))
            self.stack.callback(os.close, gates[-1])
            rows = range(firsts[worker], firsts[worker] + size)
            makes += [partial(CountingEnv, row, path) for row in rows]
        options = {"restarts": restarts, "timeout": timeout}
        if "worker" in grouping:
            batch = BatchEnv.launch(
                makes, workers=len(sizes), autoreset=autoreset, **options
            )
        else:
            kind = Apart if self.is_apart else ExternalProcess
            envs = [kind(make, **options) for make in makes]
            batch = BatchEnv(envs, autoreset=autoreset)
        self.batch = batch
        self.stack.callback(batch.close)
        self.workers = [
            WorkerModel(
                *(worker, range(first, first + size), batch[first].pid),
                *(restarts, autoreset, gate),
            )
            for worker, (first, size, gate) in enumerate(
                zip(firsts, sizes, gates, strict=False)
            )
        ]
        self.of_row = [w for w in self.workers for _ in w.members]
        self.started, self.ended = np.zeros(count, bool), np.zeros(count, bool)
        self.pending, self.busy, self.single = None, {}, {}
        self.known, self.has_lost_track = {}, False
        self.closed, self.uses = False, 0

    # Uses, each of which ends in a comparison.

    def attempt(self, function, *args, **kwargs):
        """What a function returns and what it raises, within a hard limit.

        A list, so that a promise can be taken out: a traceback that is kept holds on to
        the variables of all functions that led there, but must not to promises.
        """
        self.uses += 1
        start = time.monotonic()
        outcome = [None, None]
        try:
            outcome[0] = function(*args, **kwargs)
        except Exception as problem:  # Whatever it is, it must be what is expected.
            outcome[1] = problem.with_traceback(None)
        assert time.monotonic() - start < SECONDS_AT_MOST
        if not self.closed:
            for worker in self.workers:
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
        call = Call(kind, rows, self._send(asks, of_group=True), returns_all)
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
        elif timeout is not None and type(error) is RequestTimeoutError:
            assert is_blocked or timeout < 1
            call.is_late = True
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
                elif error is None:
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
        if call.is_over:
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
        if call is None or row in call.rows or worker not in call.parts:
            return True
        return not call.parts[worker].has_ended

    def may_die(self, worker):
        """Whether what comes of that could be told."""
        if not worker.alive or self.closed:
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
        pids = [pid for worker in self.workers for pid in worker.pids]
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
        for row in call.rows:
            if self.single.get(row) is call:
                del self.single[row]

    def blocks(self, call):
        """Whether a gate keeps the result of a call back."""
        return not call.is_over and any(
            worker.blocks(part, row)
            for worker, part in call.parts.items()
            for row in part.asks
        )

    def _check_after_close(self, call, value, error):
        """What had been answered before is there; all else will never be."""
        [row], [(_worker, part)] = call.rows, call.parts.items()
        if error is not None:
            assert isinstance(error, ClosedError | WorkerError), error
        elif row not in part.rows:
            assert value[-1]["worker_restarted"], "It was known at once."
        elif call.kind == "call":
            assert value == part.rows[row].value
        else:
            check = results.check_step if call.kind == "step" else results.check_reset
            check(value, part.rows[row])

    # What is expected to be refused.

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
            self.started[pending.rows] = self.ended[pending.rows] = False
        waits = ~self.started | (self.ended & (self.autoreset == "disabled"))
        refusals = (ResetNeededError,) if kind == "step" and waits.any() else ()
        for row in rows if kind != "call" else ():
            single = self.single.get(row)
            if single is not None and not (kind == "reset" and single.is_late):
                refusals += (PendingCallError,)
        return refusals

    def _refusal_of_single(self, row, kind):
        if self.closed:
            return (ClosedError,)
        for call in (self.single.get(row), self.busy.get(row)):
            if call is not None and kind != "call":
                late = call.is_late or call.promise is None
                if kind == "step" or not late:
                    worker = self.of_row[row]
                    is_dead = not worker.alive and not worker.can_return
                    return (PendingCallError, *[WorkerError] * is_dead)
        return ()

    @staticmethod
    def _check_refused(outcome, refusal):
        assert isinstance(outcome[1], refusal), (outcome, refusal)

    # What is expected to come of it.

    def _send(self, asks, *, of_group=False):
        parts = {}
        for worker in self.workers:
            ours = {row: ask for row, ask in asks.items() if row in worker.members}
            if ours:
                together = of_group and not self.is_apart
                kinds = {ask.kind for ask in ours.values()}
                if len(kinds) > 1 and worker.unseeded:
                    together = False
                parts[worker] = worker.send(ours, together=together)
        return parts

    def _occupy(self, call):
        for worker, part in call.parts.items():
            for row in worker.members if part.is_one else part.asks:
                self.busy[row] = call
        for row in call.rows:
            self.single.pop(row, None)

    def _free(self, row):
        worker = self.of_row[row]
        call = self.busy.get(row)
        if call is not None and worker in call.parts and call.parts[worker].is_one:
            for other in worker.members:
                self.busy.pop(other, None)
        self.busy.pop(row, None)

    def _expected(self, call, found, error):
        expected, failed = {}, set()
        if error is not None and type(error) is not RemoteError:
            failed = results.failed_rows(error, call.rows)
        for worker, part in call.parts.items():
            for row, ask in part.asks.items():
                if row not in found:
                    was_lost = row in failed
                    if part.has_ended and not part.was_seen and not was_lost:
                        self.has_lost_track |= row in part.rows and row not in part.died
                elif ask.kind == "reset":
                    was_lost = found[row][0][1] != worker.pids[part.life]
                else:
                    was_lost = _tells(found[row][-1])
                result = worker.settle(part, row, was_lost=was_lost)
                expected[row] = result
                if result.error is None and call.kind != "call":
                    worker.took(part, row, result)
        return expected

    def _settle_batch(self, call, value, error):
        rows = list(range(self.count)) if call.returns_all else call.rows
        found = {}
        if error is None:
            infos = results.unstack(value[-1], self.count)
            for place, row in enumerate(rows):
                columns = (column[place] for column in value[:-1])
                found[row] = (*columns, infos[row])
        blocked = {
            row
            for worker, part in call.parts.items()
            for row in part.asks
            if worker.blocks(part, row)
        }
        expected = self._expected(call, found, error)
        failed = {r: e.error for r, e in sorted(expected.items()) if e.error}
        command = "step" if call.kind == "step" else "reset"
        if failed:
            assert error is not None, (call, failed)
            results.check_error(error, failed, command)
        else:
            assert error is None, error
            self._check_rows(call, found, expected)
        for row, result in expected.items():
            self.started[row] = result.error is None
            self.ended[row] = (
                result.error is None
                and (result.terminated or result.truncated)
                and self.autoreset != "same_step"
            )
            if row not in blocked:
                self.busy.pop(row, None)
            if result.error is None:
                self.known[row] = [result.value]
        for row in [r for r, c in self.busy.items() if c is call]:
            if not blocked & set(self.of_row[row].members):
                del self.busy[row]
        call.is_late = bool(blocked)
        call.settled = value, error

    def _check_rows(self, call, found, expected):
        for row, result in found.items():
            if row not in expected:
                if row in self.known and self.started[row]:
                    assert any(
                        np.array_equal(result[0], each) for each in self.known[row]
                    )
                assert result[1] == {}
            elif call.kind == "step":
                results.check_step(result, expected[row])
            else:
                results.check_reset(result, expected[row])

    def _settle_single(self, call, value, error):
        [row], [(worker, part)] = call.rows, call.parts.items()
        is_blocked = worker.blocks(part, row)
        if call.kind == "call":
            return self._settle_call(call, worker, part, value, error)
        expected = self._expected(call, {} if error else {row: value}, error)[row]
        if expected.error is not None:
            results.check_type(error, expected.error)
        else:
            assert error is None, error
            check = results.check_step if call.kind == "step" else results.check_reset
            check(value, expected)
            self.known.setdefault(row, []).append(expected.value)
        call.is_late = is_blocked and type(error) is RequestTimeoutError
        if not call.is_late:  # Else it can be asked again.
            call.settled = value, error
            if self.single.get(row) is call:
                del self.single[row]
        return None

    def _settle_call(self, call, worker, part, value, error):
        [row] = call.rows
        # What is known of a death is no secret; it is repaired as soon as it is.
        if part.has_ended and error is None and value[1] != worker.pids[part.life]:
            # Somebody else had brought the worker back before it was sent.
            assert (value[0], value[1]) == (row, worker.pids[-1])
        else:
            was_lost = error is not None and type(error) is not RemoteError
            result = worker.settle(part, row, was_lost=was_lost)
            if result.error is not None:
                results.check_type(error, result.error)
                if not worker.restarts:  # Else it may be an earlier one.
                    assert error.env == row or len(worker.members) == 1
            else:
                assert (value, error) == (result.value, None)
        call.is_late = type(error) is RequestTimeoutError
        if not call.is_late:
            call.settled = value, error


def _tells(info):
    return "worker_restarted" in info or "worker_restarted" in info.get(
        "final_info", {}
    )
