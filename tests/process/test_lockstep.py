"""Workers that are stepped together, without messages."""

import contextlib
import os
import signal
import threading
import time
from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest

from rltools import BatchEnv
from rltools.batching.fleet_group import FleetGroup
from rltools.errors import ClosedError, RequestTimeoutError, WorkerDiedError
from rltools.process.lockstep import Lockstep
from rltools.process.pace import Pace
from rltools.wrappers import ExternalProcess

pytestmark = pytest.mark.timeout(60)


class Counter(gym.Env):
    """Observes its number and its steps."""

    observation_space = gym.spaces.Box(-np.inf, np.inf, (2,), np.float64)
    action_space = gym.spaces.Discrete(2)

    def __init__(self, number):
        self.number = number
        self.steps = 0

    def reset(self, *, seed=None, options=None):
        self.steps = 0
        return self._observe(), {}

    def step(self, action):
        self.steps += 1
        return self._observe(), float(action), False, False, {}

    def _observe(self):
        return np.array([self.number, self.steps], np.float64)


def make_counters(count):
    return [lambda number=number: Counter(number) for number in range(count)]


@pytest.fixture
def launch():
    with contextlib.ExitStack() as stack:

        def launch(count, workers):
            batch = BatchEnv.launch(make_counters(count), workers=workers)
            return stack.enter_context(contextlib.closing(batch))

        yield launch


def messages_sent(batch):
    [group] = batch._groups.all
    assert isinstance(group, FleetGroup)
    return [channel._transport._exchange.sent for channel in group.lockstep.channels]


def test_steps_need_no_message(launch, monkeypatch):
    batch = launch(5, 2)
    batch.reset()
    batch.step(np.zeros(5, np.int64))
    wakes = []
    monkeypatch.setattr(
        "rltools.process.channel.WorkerChannel.wake", lambda self: wakes.append(self)
    )
    # Nobody sleeps while waits are short; if the machine is busy somebody may.
    before = messages_sent(batch)
    batch.step(np.zeros(5, np.int64), blocking=False)
    assert messages_sent(batch) == before


@pytest.fixture(params=["looks", "naps"])
def how_it_waits(request, monkeypatch):
    """All waits begin so; a nap could last for an hour."""
    begin = Pace.begin

    def begin_nap(pace, *, is_reset):
        begin(pace, is_reset=is_reset)
        pace.awake_from = time.monotonic() + 3600

    if request.param == "naps":
        monkeypatch.setattr(Pace, "begin", begin_nap)
    return request.param


@pytest.mark.parametrize("count", [1, 3])
def test_everybody_sleeps_between_steps(launch, monkeypatch, count, how_it_waits):
    """No call is lost between the last look and falling asleep, on either side."""

    def sleepy(pace, busy):
        pace.yields_for = pace.workers_yield_for = 0.0

    monkeypatch.setattr(Pace, "judge", sleepy)
    batch = launch(count, count)
    batch.reset()
    for step in range(1, 1501):
        observ, *_ = batch.step(np.full(count, step % 2))
        assert observ.tolist() == [[number, step] for number in range(count)]


@pytest.mark.parametrize("first", [0, 1, 2])
def test_workers_may_end_between_looks_at_two_of_them(
    launch, monkeypatch, first, how_it_waits
):
    """Whoever wakes the parent may not be among those that it has seen missing."""
    look = Lockstep.missing

    def look_slowly(lockstep):
        if first not in look(lockstep):
            return look(lockstep)
        while look(lockstep):  # All of them end after the first one was looked at.
            os.sched_yield()
        return [first]

    monkeypatch.setattr(Pace, "judge", lambda pace, _: None)
    monkeypatch.setattr(Lockstep, "missing", look_slowly)
    batch = launch(3, 3)
    batch._groups.all[0].lockstep._pace.yields_for = 0.0
    batch.reset()
    for step in range(1, 101):
        observ, *_ = batch.step(np.zeros(3, np.int64))
        assert observ[:, 1].tolist() == [step] * 3


def test_steps_and_messages_in_turn(launch):
    batch = launch(3, 3)
    for _ in range(20):
        batch.reset()
        for step in (1, 2):
            observ, reward, *_ = batch.step(np.array([0, 1, step % 2]))
            assert observ[:, 1].tolist() == [step] * 3
            assert reward.tolist() == [0, 1, step % 2]
            assert batch[1].get_wrapper_attr("steps") == step


def test_a_call_beside_a_step_comes_after_it(launch):
    batch = launch(2, 2)
    batch.reset()
    batch.step(np.zeros(2, np.int64))
    promise = batch.step(np.ones(2, np.int64), blocking=False)
    seen = [env.call("get_wrapper_attr", "steps") for env in batch.envs]
    assert [each() for each in seen] == [2, 2]
    assert promise()[0][:, 1].tolist() == [2, 2]


def test_workers_can_move_from_batch_to_batch():
    """Those that were used on their own, and those of an earlier batch."""
    envs = [ExternalProcess(make) for make in make_counters(2)]
    envs[0].reset()
    assert envs[0].step(1)[0].tolist() == [0, 1]
    with contextlib.closing(BatchEnv(envs)) as batch:
        batch.reset()
        for step in (1, 2, 3):
            observ, *_ = batch.step(np.zeros(2, np.int64))
            assert observ.tolist() == [[0, step], [1, step]]
        swapped = BatchEnv(envs[::-1])
        swapped.reset()
        observ, *_ = swapped.step(np.zeros(2, np.int64))
        assert observ.tolist() == [[1, 1], [0, 1]]


class Waiting(Counter):
    """Sends a signal in a step, and waits for ever."""

    def step(self, action):
        os.kill(os.getppid(), signal.SIGUSR1)
        signal.pause()


@pytest.mark.parametrize("promised", [False, True])
def test_signal_handler_may_close_the_batch_in_a_step(promised, how_it_waits):
    batch = BatchEnv.launch([lambda: Waiting(0), *make_counters(1)], workers=2)
    batch.reset()
    before = signal.signal(signal.SIGUSR1, lambda *_: batch.close())

    def step():
        result = batch.step(np.zeros(2, np.int64), blocking=not promised)
        return result() if promised else result

    try:
        with pytest.raises(ClosedError):
            step()
    finally:
        signal.signal(signal.SIGUSR1, before)
        batch.close()


class Dying(Counter):
    """Ends its process, once its batch sleeps."""

    def step(self, action):
        stat = Path(f"/proc/{os.getppid()}/stat")
        while stat.read_text().split()[2] != "S":
            os.sched_yield()
        os.kill(os.getpid(), signal.SIGKILL)


def test_death_in_a_step_is_told_at_once(how_it_waits):
    batch = BatchEnv.launch([lambda: Dying(0), *make_counters(1)], workers=2)
    with contextlib.closing(batch):
        batch.reset()
        with pytest.raises(WorkerDiedError, match="SIGKILL"):
            batch.step(np.zeros(2, np.int64))


def test_a_wait_ends_at_its_time_limit(how_it_waits, tmp_path):
    os.mkfifo(tmp_path / "gate")
    gate = tmp_path / "gate"

    class Gated(Counter):
        def step(self, action):
            gate.read_bytes()
            return super().step(action)

    batch = BatchEnv.launch([lambda: Gated(0), *make_counters(1)], workers=2)
    with contextlib.closing(batch):
        batch.reset()
        promise = batch.step(np.zeros(2, np.int64), blocking=False)
        for seconds in (0, 0.01):
            with pytest.raises(RequestTimeoutError):
                promise.result(seconds)
        gate.write_bytes(b"go on")
        assert promise()[0][:, 1].tolist() == [1, 1]


def test_batch_of_some_that_are_closed(launch):
    batch = launch(2, 2)
    batch.reset()
    batch.step(np.zeros(2, np.int64))
    batch[0].close()
    with pytest.raises(Exception, match="closed"):
        batch.step(np.zeros(2, np.int64))
    assert batch[1].reset()[0].tolist() == [1, 0]


class Slow(Counter):
    """Takes long enough that its batch sleeps meanwhile."""

    def step(self, action):
        time.sleep(0.003)
        return super().step(action)


@pytest.mark.parametrize("how_it_waits", ["naps"], indirect=True)
def test_nobody_is_woken_by_what_woke_it_before(monkeypatch, how_it_waits):
    """What ends a nap is taken in, so that the next nap is one again."""
    nap = Lockstep._nap
    too_early = []

    def nap_and_note(lockstep, end):
        nap(lockstep, end)
        too_early.append(bool(lockstep.missing()))

    monkeypatch.setattr(Lockstep, "_nap", nap_and_note)
    with contextlib.closing(
        BatchEnv.launch([lambda: Slow(0), lambda: Counter(1)], workers=2)
    ) as batch:
        batch.reset()
        for _ in range(50):
            batch.step(np.zeros(2, np.int64))
    # A message may come after this side has seen the end without it. Hardly ever does.
    assert len(too_early) > 25
    assert sum(too_early) < 5


def test_other_threads_may_take_the_message_that_wakes():
    """Calls of one environment, whose replies come through the same socket."""
    with contextlib.closing(
        BatchEnv.launch([lambda: Slow(0), lambda: Slow(1)], workers=2)
    ) as batch:
        batch.reset()
        times = []
        over = threading.Event()

        def call():
            while not over.wait(0.0003):
                for env in batch.envs:
                    env.call("get_wrapper_attr", "steps").result()

        thread = threading.Thread(target=call)
        thread.start()
        try:
            for _ in range(400):
                started = time.monotonic()
                batch.step(np.zeros(2, np.int64))
                times.append(time.monotonic() - started)
        finally:
            over.set()
            thread.join()
    assert max(times) < 5.0


class Ending(Counter):
    """An action of 1 ends its episode."""

    def step(self, action):
        observ, reward, *_ = super().step(action)
        return observ, reward, bool(action), False, {}

    def wait(self, gate):
        gate.wait()


def test_no_reset_of_a_step_by_messages_is_made_again(tmp_path):
    """What the workers' own groups write to the mask is not there at the next step."""
    os.mkfifo(tmp_path / "gate")
    makes = [lambda number=number: Ending(number) for number in range(4)]
    with contextlib.closing(
        BatchEnv.launch(makes, workers=2, autoreset="next_step")
    ) as batch:
        batch.reset()
        batch.step(np.array([1, 0, 0, 0]))
        promise = batch[3].call("wait", Gate(tmp_path / "gate"))  # Its worker is busy.
        step = batch.step(np.zeros(4, np.int64), blocking=False)
        (tmp_path / "gate").write_bytes(b"go on")
        assert step()[0][:, 1].tolist() == [0, 2, 2, 2]
        promise()
        observ, *_ = batch.step(np.zeros(4, np.int64))
        assert observ[:, 1].tolist() == [1, 3, 3, 3]


class Gate:
    """A named pipe; whoever waits for it reads what is written to it."""

    def __init__(self, path):
        self.path = path

    def wait(self):
        self.path.read_bytes()
