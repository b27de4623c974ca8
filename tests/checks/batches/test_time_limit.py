import queue
import signal
import threading
import time

import pytest

from rltools.checks.batches.time_limit import time_limit
from rltools.errors import RequestTimeoutError

pytestmark = pytest.mark.timeout(30)


@pytest.fixture(autouse=True)
def alarm_of_this_file():
    """Whatever pytest-timeout has set is put back; each test begins without any."""
    handler = signal.getsignal(signal.SIGALRM)
    seconds, interval = signal.setitimer(signal.ITIMER_REAL, 0)
    yield
    signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, seconds, interval)


def wait_for_ever():
    queue.Queue().get()


def test_ends_what_hangs():
    with (
        pytest.raises(
            RequestTimeoutError, match=r"step did not come back within 0\.05 s"
        ),
        time_limit(0.05, "step"),
    ):
        wait_for_ever()


def test_nobody_catches_it_on_the_way():
    def swallow():
        try:
            wait_for_ever()
        except Exception:
            pytest.fail("It was caught.")

    with pytest.raises(RequestTimeoutError), time_limit(0.05, "step"):
        swallow()


def test_lets_results_and_errors_pass():
    with pytest.raises(KeyError), time_limit(5, "step"):
        raise KeyError
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)
    assert signal.getsignal(signal.SIGALRM) is not None


def test_puts_handler_and_alarm_back():
    rung = []
    signal.signal(signal.SIGALRM, lambda *_: rung.append(1))
    signal.setitimer(signal.ITIMER_REAL, 20)
    with time_limit(5, "step"):
        assert 0 < signal.getitimer(signal.ITIMER_REAL)[0] <= 5
        time.sleep(0.02)
    assert 19 < signal.getitimer(signal.ITIMER_REAL)[0] <= 19.98
    signal.raise_signal(signal.SIGALRM)
    assert rung == [1]


def test_an_alarm_that_is_due_sooner_goes_first():
    class AlarmError(Exception):
        pass

    def ring(*_):
        raise AlarmError

    signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    with pytest.raises(AlarmError), time_limit(5, "step"):
        wait_for_ever()


def test_other_threads_go_without():
    done = []

    def work():
        with time_limit(5, "step"):
            done.append(signal.getitimer(signal.ITIMER_REAL)[0])

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == [0]
