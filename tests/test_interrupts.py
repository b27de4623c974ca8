"""Ctrl-C waits for the end of a block, once."""

import signal
import threading

import pytest

from rltools.interrupts import delayed_interrupt

SIGNALS = pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])


@pytest.fixture(autouse=True)
def _handlers():
    """Both signals raise `KeyboardInterrupt`."""
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, signal.default_int_handler) for number in numbers]
    yield
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)


def interrupt_block(times, rest, number=signal.SIGINT):
    with delayed_interrupt():
        for _ in range(times):
            signal.raise_signal(number)
        rest()


def fail():
    raise ValueError("disk full")


@SIGNALS
def test_interrupt_comes_at_the_end(number):
    done = []
    with pytest.raises(KeyboardInterrupt):
        interrupt_block(1, lambda: done.append("the rest"), number)
    assert done == ["the rest"]
    assert signal.getsignal(number) is signal.default_int_handler


@SIGNALS
def test_a_second_interrupt_comes_at_once(number):
    done = []
    with pytest.raises(KeyboardInterrupt):
        interrupt_block(2, lambda: done.append("the rest"), number)
    assert not done
    assert signal.getsignal(number) is signal.default_int_handler


def test_a_second_interrupt_may_be_of_the_other_kind():
    done = []

    def interrupt_once_more():
        signal.raise_signal(signal.SIGINT)
        done.append("the rest")

    with pytest.raises(KeyboardInterrupt):
        interrupt_block(1, interrupt_once_more, signal.SIGTERM)
    assert not done


def test_each_signal_has_its_own_handler():
    seen = []
    signal.signal(signal.SIGTERM, lambda number, frame: seen.append((number, frame)))
    interrupt_block(1, lambda: seen.append("the rest"), signal.SIGTERM)
    assert seen[0] == "the rest"
    assert seen[1][0] == signal.SIGTERM


def test_the_default_stays():
    """That of SIGTERM ends the process, at once."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    with delayed_interrupt():
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
        assert signal.getsignal(signal.SIGINT) is not signal.default_int_handler
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
