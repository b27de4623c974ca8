"""A batch of processes does what a model in plain Python does, whatever happens.

Law: whatever is asked for in whatever order, waited for or not, while workers wait, die
and come back: what each environment returns, and which error is raised in place of it,
is as the model says; nothing takes long, and nothing is left.

With `RLTOOLS_SOAK` in the environment, many more and always new examples are tried.
"""

import os

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)

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
from tests.process.batch_model.player import Player

LONG = "RLTOOLS_SOAK" in os.environ
MOST = 5
SECONDS_TO_ANSWER = 1.5
USES_BEFORE_CLOSE = 10
ACTIONS = [*[GO, INFORM] * 5, *[TERMINATE, TRUNCATE, WAIT] * 2, RAISE, DIE]
HARMLESS = [*[GO, INFORM] * 2, TERMINATE, TRUNCATE]
DOINGS = [GO, GO, GO, WAIT, RAISE, DIE]
FLAGS = st.booleans()
OFTEN = st.sampled_from([True, True, True, False])
NUMBERS = st.integers(0, 59)  # What it picks depends on how many there are.
SEEDS = st.none() | st.integers(0, 99)


def lists_of(elements):
    """One of them for each environment that there may be."""
    return st.lists(elements, min_size=MOST, max_size=MOST)


class BatchMachine(RuleBasedStateMachine):
    """Uses a batch and its model in the same way.

    What is drawn does not depend on what has happened, which may be decided by who is
    faster: rules that can do nothing do nothing.
    """

    player = None

    @initialize(
        count=st.integers(1, MOST),
        grouping=st.sampled_from(GROUPINGS),
        autoreset=st.sampled_from(["disabled", "next_step", "same_step"]),
        restarts=st.integers(0, 2),
        timeout=st.sampled_from([None, SECONDS_TO_ANSWER]),
        is_reset=OFTEN,
    )
    def start(self, is_reset, **variant):
        self.player = Player(**variant)
        self.driver = self.player.driver
        if is_reset:
            self.reset_all(seed=5, blocking=True)

    # What is done to all environments.

    @rule(seed=SEEDS, blocking=FLAGS)
    def reset_all(self, seed, blocking):
        rows = range(self.driver.count)
        self.player.reset(rows, seed, some=False, blocking=blocking)

    @rule(
        rows=st.lists(st.integers(0, MOST - 1), unique=True),
        seed=SEEDS | lists_of(SEEDS),
        by_mask=FLAGS,
        raises=OFTEN.map(lambda often: not often),
        blocking=FLAGS,
    )
    def reset_some(self, rows, seed, **how):
        self.player.reset(rows, seed, **how)

    @rule(
        actions=lists_of(st.sampled_from(ACTIONS)),
        is_tidy=OFTEN,
        blocking=FLAGS,
        timeout=st.sampled_from([None, 0, 0.01]),
    )
    def step(self, actions, is_tidy, blocking, timeout):
        if is_tidy:
            self.player.tidy()
        before = len(self.player.calls)
        self.player.step(actions, blocking=blocking)
        if timeout is not None:
            for call in self.player.calls[before:]:
                self.player.fetch(call, timeout)

    @rule(actions=st.lists(lists_of(st.sampled_from(HARMLESS)), max_size=4))
    def play(self, actions):
        for each in actions:
            self.player.tidy()
            self.player.step(each, blocking=True)

    @rule(action=st.sampled_from([GO, GO, RAISE]))
    def call_all(self, action):
        self.player.call_all(action)

    # What is done to one.

    @rule(number=NUMBERS, action=st.sampled_from(ACTIONS), blocking=FLAGS)
    def step_one(self, number, action, blocking):
        self.player.one(number, "step", action, blocking=blocking)

    @rule(number=NUMBERS, seed=SEEDS, blocking=FLAGS)
    def reset_one(self, number, seed, blocking):
        self.player.one(number, "reset", seed=seed, blocking=blocking)

    @rule(number=NUMBERS, action=st.sampled_from(DOINGS), blocking=FLAGS)
    def call_one(self, number, action, blocking):
        self.player.one(number, "call", action, blocking=blocking)

    # What is done to promises.

    @rule(number=NUMBERS)
    def fetch(self, number):
        for call in self.player.pick(number):
            self.player.fetch(call)

    @rule(number=NUMBERS, timeout=st.sampled_from([0, 0.01]))
    def fetch_impatiently(self, number, timeout):
        for call in self.player.pick(number):
            self.player.fetch(call, timeout)

    @rule(number=NUMBERS)
    def look(self, number):
        for call in self.player.pick(number):
            self.driver.look(call)

    @rule(number=NUMBERS)
    def drop(self, number):
        for call in self.player.pick(number):
            self.player.drop(call)

    # What happens to workers.

    @rule(number=NUMBERS)
    def open_gate(self, number):
        workers = self.driver.workers
        workers[number % len(workers)].open_gate()

    @rule(number=NUMBERS)
    def kill(self, number):
        workers = self.driver.workers
        worker = workers[number % len(workers)]
        if number % 2 == 0 and self.driver.may_die(worker):
            self.driver.kill(worker)

    @rule(number=NUMBERS)
    def close(self, number):
        is_time = number % 10 == 0 and self.driver.uses > USES_BEFORE_CLOSE
        if is_time and not self.driver.closed:
            self.driver.close()

    def teardown(self):
        if self.player is not None:
            self.player.end()


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


@pytest.mark.timeout(0 if LONG else 180)
def test_batch_is_as_its_model(impatient):
    run_state_machine_as_test(BatchMachine, settings=SETTINGS)
