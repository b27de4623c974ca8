"""Compares what calls came to with what the models of the workers say."""

import numpy as np

from rltools.errors import (
    ClosedError,
    RemoteError,
    RequestTimeoutError,
    WorkerError,
)
from tests.process.batch_model import results
from tests.process.batch_model.calls import Calls


class Settling(Calls):
    """Takes what calls came to into the model, once it has been compared with it.

    Attributes:
        known: Observations of each environment that a row may have.
    """

    def __init__(self, folder, **variant):
        super().__init__(folder, **variant)
        self.known = {}

    @staticmethod
    def _check_refused(outcome, refusal):
        assert isinstance(outcome[1], refusal), (outcome, refusal)

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

    def _expected(self, call, found, error):
        expected, failures = {}, results.failures_of(error, call.rows)
        for worker, part in call.parts.items():
            for row, ask in part.asks.items():
                if row not in found:
                    was_lost = not worker.has_raised(part, failures.get(row))
                    is_open = part.has_ended and not part.was_seen
                    if row not in failures and is_open and row in part.rows:
                        # Whoever finds an answer lost brings the worker back, or fails.
                        was_lost = worker.alive
                        self.has_lost_track |= was_lost and row not in part.died
                elif ask.kind == "reset":
                    was_lost = found[row][0][1] != worker.pids[part.life]
                else:
                    was_lost = _tells(found[row][-1])
                result = worker.settle(part, row, was_lost=was_lost)
                expected[row] = result
                if result.error is RemoteError and ask.kind == "reset":
                    worker.begun.discard(row)
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
                self.known.pop(row, None)
                if result.value is not None:
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
            if part.has_ended:  # It was made in a life that nobody knew of before.
                self.known.setdefault(row, []).append(expected.value)
        # Who hangs when all restarts are used up is ended, and so the call is over.
        call.is_late = is_blocked and worker.alive
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
                assert error is None, error
                assert value == result.value or row in part.vague
        call.is_late = type(error) is RequestTimeoutError and not error.is_final
        if not call.is_late:
            call.settled = value, error


def _tells(info):
    return "worker_restarted" in info or "worker_restarted" in info.get(
        "final_info", {}
    )
