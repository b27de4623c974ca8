"""Ctrl-C waits for the end of a block, once."""

import signal
import threading

import pytest

from rltools.interrupts import delayed_interrupt


@pytest.fixture(autouse=True)
def _default_handler():
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def interrupt_block(times, rest):
    with delayed_interrupt():
        for _ in range(times):
            signal.raise_signal(signal.SIGINT)
        rest()


def fail():
    raise ValueError("disk full")


def test_interrupt_comes_at_the_end():
    done = []
    with pytest.raises(KeyboardInterrupt):
        interrupt_block(1, lambda: done.append("the rest"))
    assert done == ["the rest"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_second_interrupt_comes_at_once():
    done = []
    with pytest.raises(KeyboardInterrupt):
        interrupt_block(2, lambda: done.append("the rest"))
    assert not done
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_an_error_of_the_block_goes_first():
    with pytest.raises(ValueError, match="disk"):
        interrupt_block(1, fail)


@pytest.mark.parametrize("handler", [signal.SIG_IGN, signal.SIG_DFL])
def test_nothing_changes_where_nobody_handles_it(handler):
    signal.signal(signal.SIGINT, handler)
    with delayed_interrupt():
        assert signal.getsignal(signal.SIGINT) == handler


def test_other_threads_leave_the_handler_alone():
    seen = []

    def work():
        with delayed_interrupt():
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [signal.default_int_handler]
