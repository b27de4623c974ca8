"""Does what rules draw with a batch and its model, as far as it ends in time."""

import tempfile

import numpy as np

from tests.process.batch_model.driver import Driver
from tests.process.batch_model.env import DIE, GO, RAISE, WAIT
from tests.process.batch_model.requests import Ask

_HANGS_AT_MOST = 2


class Player:
    """Keeps the promised calls, and keeps waits from lasting for ever.

    Attributes:
        driver: Compares each use with the model.
        calls: The calls whose promises are held.
    """

    def __init__(self, **variant):
        self._folder = tempfile.TemporaryDirectory()
        self.driver = Driver(self._folder.name, **variant)
        self.calls = []
        self._hangs = 0

    def end(self):
        """Close all that there is."""
        self.driver.end()
        self._folder.cleanup()

    def reset(self, rows, seed, *, blocking, by_mask=False, raises=False, some=True):
        """Reset environments; `seed` is as a batch takes it."""
        driver = self.driver
        rows = [row for row in rows if row < driver.count]
        options = {"harm": {rows[0]: RAISE}} if raises and rows else None
        passed = {"options": options}
        if some and by_mask and rows:
            rows = sorted(rows)
            mask = np.isin(np.arange(driver.count), rows)
            passed = {"options": (options or {}) | {"reset_mask": mask}}
        elif some:
            by_mask, passed["indices"] = False, rows
        if isinstance(seed, list) and "reset_mask" in (passed["options"] or ()):
            seed = seed[: driver.count]  # One for each environment, as in Gymnasium.
            seeds = [seed[row] for row in rows]
        elif isinstance(seed, list):
            seed = seeds = seed[: len(rows)]
        else:
            seeds = [None if seed is None else seed + row for row in rows]
        if blocking:
            self._let_go_on(rows)
        asks = {
            row: Ask("reset", seed=seed, options=options)
            for row, seed in sorted(zip(rows, seeds, strict=True))
        }
        self._keep(
            driver.use_batch(
                *("reset", rows, asks),
                lambda blocking: driver.batch.reset(
                    seed=seed, **passed, blocking=blocking
                ),
                returns_all=by_mask or not some,
                blocking=blocking,
            )
        )

    def step(self, actions, *, blocking):
        """Step all environments."""
        driver = self.driver
        rows = list(range(driver.count))
        actions = [self._tame(actions[row], row, blocking) for row in rows]
        if DIE in actions:  # Or it would not come to that.
            actions = [GO if action == WAIT else action for action in actions]
        asks = {row: Ask("step", actions[row], of_batch=True) for row in rows}
        if driver.autoreset == "next_step":
            for row in np.flatnonzero(driver.ended):
                asks[row] = Ask("reset")
        if blocking:
            self._let_go_on(rows, actions)
        self._keep(
            driver.use_batch(
                *("step", rows, asks),
                lambda blocking: driver.batch.step(
                    np.array(actions), blocking=blocking
                ),
                returns_all=True,
                blocking=blocking,
            )
        )

    def tidy(self):
        """Fetch what is promised, and reset what can't be stepped."""
        driver = self.driver
        for call in self.calls:
            if not call.is_over and not driver.closed:
                self.fetch(call)
        waits = ~driver.started
        if driver.autoreset == "disabled":
            waits |= driver.ended
        if waits.any():
            self.reset(np.flatnonzero(waits).tolist(), None, blocking=True)

    def call_all(self, action):
        """Call a method of all environments."""
        self._let_go_on(range(self.driver.count))
        self.driver.call_all(action)

    def one(self, number, kind, action=GO, *, seed=None, blocking):
        """Step, reset or call one environment."""
        driver = self.driver
        row = number % driver.count
        ask = Ask(kind, self._tame(action, row, blocking), seed=seed)
        if driver.of_row[row].is_here or not driver.is_certain_of(row):
            return
        if blocking:
            self._let_go_on([row], [ask.action])
        env = driver.batch[row]

        def call(blocking):
            promise = env.call("harm", ask.action)
            return promise() if blocking else promise

        function = {
            "step": lambda blocking: env.step(np.int64(ask.action), blocking),
            "reset": lambda blocking: env.reset(seed=seed, blocking=blocking),
            "call": call,
        }[kind]
        self._keep(driver.use_single(row, ask, function, blocking=blocking))

    def pick(self, number):
        """One of the calls; none if there are none."""
        return [self.calls[number % len(self.calls)]] if self.calls else []

    def fetch(self, call, timeout=None):
        """Ask for the result of a call."""
        if timeout is None and not call.is_over and not self.driver.closed:
            self._let_go_on(call.rows)
        self.driver.fetch(call, timeout)

    def drop(self, call):
        """Let go of the promise of a call."""
        self.calls.remove(call)
        self.driver.drop(call)

    def _keep(self, call):
        if call is not None:
            self.calls.append(call)

    def _tame(self, action, row, blocking):
        """The action, or a harmless one where its harm can't be kept within limits."""
        worker = self.driver.of_row[row]
        if action == DIE and (worker.is_blocked or not self.driver.may_die(worker)):
            return GO
        if action == WAIT and (worker.is_here or (blocking and not self._may_hang)):
            return GO
        return action

    @property
    def _may_hang(self):
        return self.driver.timeout is not None and self._hangs < _HANGS_AT_MOST

    def _let_go_on(self, rows, actions=()):
        """Before one waits: nothing may keep it from ending, but for a time limit."""
        workers = {self.driver.of_row[row] for row in rows}
        blocked = any(worker.is_blocked for worker in workers) or WAIT in actions
        if not blocked:
            return
        if self._may_hang:
            self._hangs += 1
            return
        for worker in workers:
            worker.open_gate()
