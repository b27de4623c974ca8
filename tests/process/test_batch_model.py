"""A batch of processes does what a model in plain Python does, whatever happens.

Law: whatever is asked for in whatever order, waited for or not, while workers wait, die
and come back: what each environment returns, and which error is raised in place of it,
is as the model says; nothing takes long, and nothing is left.

With `RLTOOLS_SOAK` in the environment, many more and always new examples are tried.
"""

import os
import sys
import tempfile

import cloudpickle
import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)

from tests.process.batch_model.driver import Driver
from tests.process.batch_model.env import (
    DIE,
    GO,
    INFORM,
    RAISE,
    TERMINATE,
    TRUNCATE,
    WAIT,
)
from tests.process.batch_model.making import GROUPINGS
from tests.process.batch_model.requests import Ask

cloudpickle.register_pickle_by_value(sys.modules[__name__])
LONG = "RLTOOLS_SOAK" in os.environ
MOST = 5
SECONDS_TO_ANSWER = 1.5
HANGS_AT_MOST = 2
ACTIONS = [*[GO, INFORM] * 5, *[TERMINATE, TRUNCATE, WAIT] * 2, RAISE, DIE]
DOINGS = [GO, GO, GO, WAIT, RAISE, DIE]
FLAGS = st.booleans()
NUMBERS = st.integers(0, 59)  # What it picks depends on how many there are.
SEEDS = st.none() | st.integers(0, 99)


class BatchMachine(RuleBasedStateMachine):
    """Uses a batch and its model in the same way."""

    driver = None

    @initialize(
        count=st.integers(1, MOST),
        grouping=st.sampled_from(GROUPINGS),
        autoreset=st.sampled_from(["disabled", "next_step", "same_step"]),
        restarts=st.integers(0, 2),
        timeout=st.sampled_from([None, SECONDS_TO_ANSWER]),
        is_reset=st.sampled_from([True] * 4 + [False]),
    )
    def start(self, is_reset, **variant):
        self.folder = tempfile.TemporaryDirectory()
        self.driver = Driver(self.folder.name, **variant)
        self.calls = []
        self.hangs = 0
        if is_reset:
            self.reset_all(seed=5, blocking=True)

    # What is done to all environments.

    @rule(seed=SEEDS, blocking=FLAGS)
    def reset_all(self, seed, blocking):
        rows = list(range(self.driver.count))
        seeds = [None if seed is None else seed + row for row in rows]
        self._reset(rows, seeds, blocking, True, None, {"seed": seed})

    @rule(
        picked=st.lists(st.integers(0, MOST - 1), unique=True),
        seeds=st.none() | st.lists(SEEDS, min_size=MOST, max_size=MOST),
        by_mask=FLAGS,
        raises=st.sampled_from([False, False, False, True]),
        blocking=FLAGS,
    )
    def reset_some(self, picked, seeds, by_mask, raises, blocking):
        driver = self.driver
        rows = [row for row in picked if row < driver.count]
        options = {"harm": {rows[0]: RAISE}} if raises and rows else None
        if by_mask and rows:
            rows = sorted(rows)
            mask = np.isin(np.arange(driver.count), rows)
            passed = {"options": (options or {}) | {"reset_mask": mask}}
        else:
            by_mask = False
            passed = {"options": options, "indices": rows}
        seeds = [None] * len(rows) if seeds is None else seeds[: len(rows)]
        self._reset(rows, seeds, blocking, by_mask, options, passed | {"seed": seeds})

    def _reset(self, rows, seeds, blocking, returns_all, options, passed):
        driver = self.driver
        if blocking:
            self._let_go_on(rows)
        asks = {
            row: Ask("reset", seed=seed, options=options)
            for row, seed in sorted(zip(rows, seeds, strict=True))
        }
        call = driver.use_batch(
            *("reset", rows, asks),
            lambda blocking: driver.batch.reset(**passed, blocking=blocking),
            returns_all=returns_all,
            blocking=blocking,
        )
        self._keep(call)

    @rule(
        actions=st.lists(st.sampled_from(ACTIONS), min_size=MOST, max_size=MOST),
        blocking=FLAGS,
    )
    def step(self, actions, blocking):
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
        call = driver.use_batch(
            *("step", rows, asks),
            lambda blocking: driver.batch.step(np.array(actions), blocking=blocking),
            returns_all=True,
            blocking=blocking,
        )
        self._keep(call)

    @rule(action=st.sampled_from([GO, GO, RAISE]))
    def call_all(self, action):
        driver = self.driver
        self._let_go_on(range(driver.count))
        driver.call_all(action)

    # What is done to one.

    @rule(number=NUMBERS, action=st.sampled_from(ACTIONS), blocking=FLAGS)
    def step_one(self, number, action, blocking):
        row = number % self.driver.count
        self._one(row, Ask("step", self._tame(action, row, blocking)), blocking)

    @rule(number=NUMBERS, seed=SEEDS, blocking=FLAGS)
    def reset_one(self, number, seed, blocking):
        self._one(number % self.driver.count, Ask("reset", seed=seed), blocking)

    @rule(number=NUMBERS, action=st.sampled_from(DOINGS), blocking=FLAGS)
    def call_one(self, number, action, blocking):
        row = number % self.driver.count
        self._one(row, Ask("call", self._tame(action, row, blocking)), blocking)

    def _one(self, row, ask, blocking):
        driver = self.driver
        if not driver.is_certain_of(row):
            return
        if blocking:
            self._let_go_on([row], [ask.action])
        env = driver.batch[row]
        function = {
            "step": lambda blocking: env.step(np.int64(ask.action), blocking),
            "reset": lambda blocking: env.reset(seed=ask.seed, blocking=blocking),
            "call": lambda blocking: (
                lambda promise: promise() if blocking else promise
            )(env.call("harm", ask.action)),
        }[ask.kind]
        self._keep(driver.use_single(row, ask, function, blocking=blocking))

    # What is done to promises.

    def _keep(self, call):
        if call is not None:
            self.calls.append(call)

    @rule(number=NUMBERS)
    def fetch(self, number):
        for call in self._pick(number):
            if self.driver.blocks(call):
                self._let_go_on(call.rows)
            self.driver.fetch(call)

    @rule(number=NUMBERS, timeout=st.sampled_from([0, 0.01]))
    def fetch_impatiently(self, number, timeout):
        for call in self._pick(number):
            self.driver.fetch(call, timeout)

    @rule(number=NUMBERS)
    def look(self, number):
        for call in self._pick(number):
            self.driver.look(call)

    @rule(number=NUMBERS)
    def drop(self, number):
        for call in self._pick(number):
            self.calls.remove(call)
            self.driver.drop(call)

    def _pick(self, number):
        # None, if there are none: what is drawn must not depend on who was faster.
        return [self.calls[number % len(self.calls)]] if self.calls else []

    # What happens to workers.

    @rule(number=NUMBERS)
    def open_gate(self, number):
        workers = self.driver.workers
        workers[number % len(workers)].open_gate()

    @rule(number=NUMBERS)
    def kill(self, number):
        workers = self.driver.workers
        worker = workers[number % len(workers)]
        if self.driver.may_die(worker):
            self.driver.kill(worker)

    @rule(number=NUMBERS)
    def close(self, number):
        if number % 3 == 0 and not self.driver.closed and self.driver.uses > 8:
            self.driver.close()

    def _tame(self, action, row, blocking):
        """The action, or a harmless one where its harm can't be kept within limits."""
        worker = self.driver.of_row[row]
        if action == DIE and (worker.is_blocked or not self.driver.may_die(worker)):
            return GO
        if action == WAIT and blocking and not self._may_hang:
            return GO
        return action

    @property
    def _may_hang(self):
        return self.driver.timeout is not None and self.hangs < HANGS_AT_MOST

    def _let_go_on(self, rows, actions=()):
        """Before one waits: nothing may keep it from ending, but for a time limit."""
        workers = {self.driver.of_row[row] for row in rows}
        blocked = any(worker.is_blocked for worker in workers) or WAIT in actions
        if not blocked:
            return
        if self._may_hang:
            self.hangs += 1
            return
        for worker in workers:
            worker.open_gate()

    def teardown(self):
        if self.driver is not None:
            self.driver.end()
            self.folder.cleanup()


SETTINGS = settings(
    max_examples=400 if LONG else 25,
    stateful_step_count=30 if LONG else 25,
    deadline=None,
    derandomize=not LONG,
    print_blob=True,
    # To find shorter examples takes minutes, in which others could be found.
    phases=[Phase.explicit, Phase.generate, *[Phase.shrink] * LONG],
    database=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.timeout(0 if LONG else 300)
def test_batch_is_as_its_model(impatient):
    run_state_machine_as_test(BatchMachine, settings=SETTINGS)
