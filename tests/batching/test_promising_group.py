"""Waiting for several promises at once."""

import pytest

from rltools.batching.promising_group import await_all
from rltools.errors import RequestTimeoutError, WorkerDiedError
from rltools.process.promise import Promise


def promise_of(error):
    def wait(timeout):
        raise error

    return Promise(wait, lambda: True)


def test_a_failure_is_kept_by_its_promise_to_be_told_beside_the_others():
    promises = {0: promise_of(WorkerDiedError("one")), 1: Promise.of(int, "1")}
    await_all(promises, 1.0)
    assert promises[0].fetched
    assert promises[1].result() == 1
    with pytest.raises(WorkerDiedError, match="one"):
        promises[0].result()


def test_what_is_late_for_good_is_kept_as_well():
    error = RequestTimeoutError("has been ended")
    error.is_final = True
    promises = {0: promise_of(error)}
    await_all(promises, 1.0)
    assert promises[0].fetched


@pytest.mark.parametrize("error", [RequestTimeoutError("late"), ValueError("handler")])
def test_what_is_no_result_ends_the_waiting(error):
    """Neither what is late, nor what a signal handler has raised."""
    promises = {0: promise_of(error)}
    with pytest.raises(type(error)):
        await_all(promises, 1.0)
    assert not promises[0].fetched
    assert promises[0].given_up
