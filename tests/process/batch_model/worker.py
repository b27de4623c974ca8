"""What the worker of some environments must do, told in plain Python.

A worker does what it is asked for in the order in which it was asked, so that what
comes of a request is known as soon as it is sent: `Twin` environments take it at once.
It is another matter when the answer can be there (see `Part.waits`), and whether the
worker dies first.
"""

import os
import select

import numpy as np

from rltools.errors import RemoteError, RequestTimeoutError, WorkerDiedError
from tests.process.batch_model.env import DIE, WAIT, Twin
from tests.process.batch_model.requests import Ask, Part, Row

_TEXTS = {WorkerDiedError: "SIGKILL", RequestTimeoutError: "has not answered"}


class WorkerModel:
    """One worker through all of its lives.

    Attributes:
        alive: Whether its process is, as far as the test has not killed it.
        lost: Environments whose lost episode is still to be told.
        life_before: Number of its life when the batch was last asked for anything.
        maybe_told: Those of which that may have been told in a step that was given up.
        last: By environment, `(order, observation)` of the last one that was returned.
    """

    is_here = False
    raised = RemoteError  # In place of what an environment raises.

    def __init__(self, rows, pid, restarts, autoreset, gate):
        self.members, self.gate = list(rows), gate
        self.restarts, self.same_step = restarts, autoreset == "same_step"
        self.life = self.life_before = 0
        self.causes, self.first_cause = {}, None
        self.lost, self.begun, self.unseeded = set(), set(), set()
        self.maybe_told = set()
        self.last, self.seeds = {}, {}
        self.pids, self.parts = [], []
        self._begin(pid)

    def _begin(self, pid):
        assert pid not in self.pids
        self.pids.append(pid)
        self.twins = {row: Twin(row, pid) for row in self.members}
        self.waits = self.opened = 0
        self.parts, self.alive = [], True
        while self._bytes_left():
            os.read(self.gate, 64)

    def _bytes_left(self):
        return bool(select.select([self.gate], [], [], 0)[0])

    @property
    def is_blocked(self):
        return self.alive and self.waits > self.opened

    @property
    def can_return(self):
        return self.life < self.restarts

    def _errors(self, life):
        """Types of errors that tell of the end of a life."""
        is_last = life == self.life and not self.alive and not self.can_return
        if self.restarts and is_last:
            return self.first_cause
        if self.causes[life] is RequestTimeoutError:
            return RequestTimeoutError, WorkerDiedError  # For others it has died.
        return self.causes[life]

    def open_gate(self):
        os.write(self.gate, b"x" * (self.waits - self.opened))
        self.opened = self.waits

    def send(self, asks, *, together):
        """The environments are asked, in their order; returns the `Part`."""
        part = Part(asks, self.life, together)
        part.is_one &= not self.lost & asks.keys()
        self.parts.append(part)
        part.has_ended = not self.alive
        for row, ask in asks.items():
            if ask.kind == "step" and row in self.lost:
                continue  # Is told so, and not asked.
            if ask.action == DIE and self.alive and self._is_heeded(row, ask):
                self.end_life(WorkerDiedError)
                part.died |= set(asks) if part.is_one else {row}
            elif self.alive:
                part.rows[row] = self._apply(row, ask)
                if part.is_one:
                    part.rows[row] = self._go_on(row, ask, part.rows[row])
            part.waits[row] = self.waits
        if part.is_one:
            part.waits = dict.fromkeys(asks, self.waits)
        return part

    def _is_heeded(self, row, ask):
        """Whether an environment gets as far as to do the harm of an action."""
        return ask.kind == "call" or self.twins[row].episode > 0

    def end_life(self, cause):
        """The process ends: what it has not done by now, it will never do."""
        self.alive = False
        self.causes[self.life] = cause
        if self.restarts:
            self.first_cause = self.first_cause or cause
        for part in self.parts:
            part.has_ended = True
            part.died |= {r for r, n in part.waits.items() if n > self.opened}

    def see_pid(self, pid):
        """Follow the batch to a new life, if it has begun one."""
        if pid == self.pids[-1]:
            return
        if self.alive:
            assert self.is_blocked, "A healthy worker was given up."
            self.end_life(RequestTimeoutError)
        self.life += 1
        assert self.life <= self.restarts
        self.lost, self.unseeded = set(self.begun), set(self.members)
        self.maybe_told = set()
        self._begin(pid)

    def blocks(self, part, row):
        """Whether it still waits before it answers."""
        return not part.has_ended and part.waits.get(row, 0) > self.opened

    def settle(self, part, row, *, was_lost):
        """What a part came to, once its result has been taken.

        Args:
            part: The part.
            row: Of the environment.
            was_lost: Whether the result says that the answer was lost; it decides where
                nobody can know.
        """
        ask = part.asks[row]
        if self.blocks(part, row):
            return Row(error=self._hangs())
        answered = row in part.rows and row not in part.died
        if answered and not (part.has_ended and not part.was_seen and was_lost):
            result = part.rows[row]
            # One by one, it is reset when its step has been taken.
            return result if part.is_one else self._go_on(row, ask, result)
        if ask.kind == "call":
            assert self.alive or not self.can_return or self.life > part.life
            return Row(error=self._errors(part.life))
        if ask.kind == "step" and row in self.lost:
            result = self._tell(row, ask)
            # The reset within the step may have been lost as well, and made again.
            result.may_tell |= self.same_step and self.life > self.life_before
            return result
        if not self.alive:
            assert not self.can_return, "It should have been brought back."
            self.lost.discard(row)  # What has been lost need not be told after a reset.
            return Row(error=self._errors(self.life))
        if self.is_blocked:  # It is asked once more, and answers too late.
            self._apply(row, ask)
            return Row(error=self._hangs())
        result = self._go_on(row, ask, self._apply(row, ask))
        if ask.kind == "reset" and result.error is None:
            result.info["worker_restarted"] = True
            result.may_tell |= row not in self.begun
        return result

    def _hangs(self):
        """It has not answered in time; returns the type of error that says so."""
        if not self.restarts:
            return RequestTimeoutError
        assert not self.can_return, "It should have been brought back."
        self.end_life(RequestTimeoutError)
        return self.first_cause

    def has_raised(self, part, error):
        """Whether an error is that of an environment, raised in the life of a part."""
        pid = self.pids[part.life]
        return type(error) is RemoteError and f"(pid {pid})" in str(error)

    def makes_again(self, part):
        """Whether a part asks for anything that comes of it in another life."""
        told = self.lost if self.alive else self.begun  # That it was lost, instead.
        return any(
            (self.same_step and ask.of_batch and (row in told or part.has_ended))
            or (part.has_ended and ask.kind == "reset")
            or (part.has_ended and ask.kind == "step" and row not in told)
            for row, ask in part.asks.items()
        )

    def took(self, part, row, result):
        """The caller has got a result with an observation."""
        if "worker_error" in result.info:
            return  # It tells where an episode was lost, and no other has begun.
        self.begun.add(row)
        before = self.last.get(row, (-1, None))
        self.last[row] = max(before, (part.order, result.value), key=lambda x: x[0])

    def _tell(self, row, ask):
        self.lost.discard(row)
        self.begun.discard(row)
        info = {
            "worker_restarted": True,
            "worker_error": _TEXTS[self.causes[self.life - 1]],
        }
        # If nobody has taken the result of its reset, nobody knows what was seen last.
        _, last = self.last.get(row, (-1, None))
        result = Row(last, truncated=True, info=info)
        return self._go_on(row, ask, result)

    def _go_on(self, row, ask, result):
        """Same-step autoreset, of which single environments know nothing."""
        ends = result.terminated or result.truncated
        if not (ends and self.same_step and ask.of_batch):
            return result
        if not self.alive:
            assert not self.can_return, "It should have been brought back."
            return Row(error=self._errors(self.life))
        first = self._apply(row, Ask("reset"))
        final = {"final_obs": result.value, "final_info": result.info}
        result.value, result.info = first.value, first.info | final
        return result

    def _apply(self, row, ask):
        twin = self.twins[row]
        self.waits += ask.action == WAIT and self._is_heeded(row, ask)
        try:
            if ask.kind == "call":
                return Row(twin.harm(ask.action))
            if ask.kind == "step":
                return Row(*twin.step(ask.action))
            info = {"worker_restarted": True} if row in self.lost else {}
            seed = self._seed_for(row, ask.seed)
            observ, more = twin.reset(seed=seed, options=ask.options)
            may_tell = row in self.maybe_told
            self.maybe_told.discard(row)
            return Row(observ, info=info | more, may_tell=may_tell)
        except ValueError:
            return Row(error=self.raised)

    def _seed_for(self, row, seed):
        if seed is not None:
            self.seeds[row] = seed
        elif row in self.unseeded and row in self.seeds:
            sequence = np.random.SeedSequence([self.seeds[row], self.life])
            seed = int(sequence.generate_state(1)[0])
        self.unseeded.discard(row)
        self.lost.discard(row)
        return seed
