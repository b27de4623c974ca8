import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest

import rltools
from examples.ppo.commands.stopping import (
    SIGNALS,
    Stop,
    StoppableBatch,
    stop_on_signals,
)

pytestmark = pytest.mark.timeout(60)


@pytest.fixture(autouse=True)
def _handlers():
    """SIGINT is handled and SIGTERM is not, as in a new process of Python."""
    before = [
        signal.signal(signal.SIGINT, signal.default_int_handler),
        signal.signal(signal.SIGTERM, signal.SIG_DFL),
    ]
    yield
    for number, handler in zip(SIGNALS, before, strict=True):
        signal.signal(number, handler)


def stop_by(number, then=lambda stop: None):
    with stop_on_signals() as stop:
        try:
            signal.raise_signal(number)
        finally:
            then(stop)


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_interrupts(number):
    names = []
    with pytest.raises(KeyboardInterrupt):
        stop_by(number, lambda stop: names.append((stop.name, stop.comes(0))))
    assert names == [(signal.Signals(number).name, True)]


def test_handlers_and_wakeup_come_back():
    read, write = os.pipe()
    os.set_blocking(write, False)
    before = [signal.getsignal(number) for number in SIGNALS]
    threads = threading.active_count()
    wakeup = signal.set_wakeup_fd(write)
    try:
        with pytest.raises(KeyboardInterrupt):
            stop_by(signal.SIGINT)
        assert [signal.getsignal(number) for number in SIGNALS] == before
        assert signal.set_wakeup_fd(wakeup) == write
        assert threading.active_count() == threads
    finally:
        signal.set_wakeup_fd(wakeup)
        os.close(read)
        os.close(write)


def test_what_is_ignored_stays_ignored():
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with stop_on_signals() as stop:
        signal.raise_signal(signal.SIGINT)
        assert not stop.comes(0)


def test_other_threads_leave_handlers_alone():
    seen = []

    def work():
        with stop_on_signals() as stop:
            seen.append((signal.getsignal(signal.SIGINT), stop.comes(0)))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [(signal.default_int_handler, False)]


def test_other_signals_stop_nothing():
    handler = signal.signal(signal.SIGUSR1, lambda *_: None)
    try:
        with stop_on_signals() as stop:
            signal.raise_signal(signal.SIGUSR1)
            assert not stop.comes(0.05)
    finally:
        signal.signal(signal.SIGUSR1, handler)


@pytest.mark.parametrize("number", SIGNALS)
def test_only_the_first_signal_interrupts(number):
    """The second ends the process, which must not be in the middle of cleaning up."""
    stop = Stop()
    with pytest.raises(KeyboardInterrupt):
        stop.handle(signal.SIGTERM, None)
    stop.handle(number, None)
    assert stop.name == "SIGTERM"


def test_other_signals_after_it_end_nothing():
    reader, writer = socket.socketpair()
    writer.sendall(bytes([signal.SIGTERM, signal.SIGCHLD, signal.SIGALRM]))
    writer.close()
    stop = Stop()
    stop.watch(reader)
    reader.close()
    assert stop.name == "SIGTERM"


def test_a_batch_refuses_to_step_from_then_on():
    stop = Stop()
    batch = rltools.BatchEnv([gym.make("CartPole-v1")] * 1)
    env = StoppableBatch(batch, stop)
    try:
        expected = [each for each in env.reset(seed=1)[0][0]]
        assert len(expected) == 4
        env.step(np.array([0]))
        with pytest.raises(KeyboardInterrupt):
            stop.handle(signal.SIGTERM, None)
        with pytest.raises(KeyboardInterrupt):
            env.step(np.array([0]))
    finally:
        batch.close()


# While the main thread waits where handlers of Python can't run, as it does while
# TensorFlow runs a graph.
_DEAF = """
import ctypes, os, signal, sys, threading
sys.path.insert(0, sys.argv[1])
from examples.ppo.commands.stopping import stop_on_signals

def work():
    place = f"/proc/self/task/{os.getpid()}/syscall"
    while open(place).read().split()[1:2] != [hex(start)]:
        pass  # Until the main thread is in the read.
    os.kill(os.getpid(), signal.SIGTERM)
    assert stop.comes(30)
    print("came", stop.name, flush=True)
    os.kill(os.getpid(), signal.SIGINT)

with stop_on_signals() as stop:
    signal.siginterrupt(signal.SIGTERM, False)  # The read goes on.
    start, _ = os.pipe()
    read = ctypes.CDLL(None).read
    threading.Thread(target=work, daemon=True).start()
    read(start, ctypes.create_string_buffer(1), 1)
"""


def test_signals_are_noticed_while_the_main_thread_is_deaf_and_two_end_it():
    root = os.fspath(Path(__file__).parents[4])
    process = subprocess.run(
        [sys.executable, "-c", _DEAF, root],
        capture_output=True,
        text=True,
        timeout=50,
    )
    assert process.stdout == "came SIGTERM\n"
    assert process.returncode == 128 + signal.SIGINT, process.stderr
