"""Promises hold one result each, whenever and however often it is asked for."""

import pytest

from rltools.errors import RequestTimeoutError
from rltools.process import Promise


def test_waits_once_and_remembers():
    calls = []
    promise = Promise(lambda timeout: calls.append(timeout) or "result", lambda: False)
    assert not promise.ready()
    assert not promise.fetched
    assert promise() == promise() == promise.result(3) == "result"
    assert calls == [None]
    assert promise.ready()
    assert promise.fetched


def test_failure_is_raised_every_time():
    promise = Promise.of(int, "twelve")
    for _ in range(2):
        with pytest.raises(ValueError, match="twelve"):
            promise()
    assert promise.fetched


def test_can_be_asked_again_after_a_timeout():
    outcomes = iter([RequestTimeoutError("late"), "result"])

    def wait(timeout):
        outcome = next(outcomes)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    promise = Promise(wait, lambda: False)
    with pytest.raises(RequestTimeoutError):
        promise.result(0.1)
    assert promise.given_up
    assert not promise.fetched
    assert promise() == "result"


def test_exception_of_somebody_else_is_not_the_result():
    """Such as that of a signal handler that ran during the wait."""
    outcomes = iter([TimeoutError("alarm"), "result"])

    def wait(timeout):
        outcome = next(outcomes)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    promise = Promise(wait, lambda: False)
    with pytest.raises(TimeoutError, match="alarm"):
        promise()
    assert promise.given_up, "A reset may go on from here."
    assert promise() == "result"


def test_traceback_does_not_grow_with_every_call():
    promise = Promise.of(int, "twelve")
    lengths = []
    for _ in range(3):
        with pytest.raises(ValueError, match="twelve") as caught:
            promise()
        lengths.append(len(caught.traceback))
    assert len(set(lengths)) == 1


def test_of_a_function_that_returns_a_promise_is_that_promise():
    inner = Promise(lambda timeout: 1, lambda: True)
    assert Promise.of(lambda: inner) is inner


def test_repr_tells_the_state():
    assert repr(Promise(lambda timeout: 1, lambda: True)) == "<Promise pending>"
    assert repr(Promise.of(int, "1")) == "<Promise done>"
    assert repr(Promise.of(int, "x")) == "<Promise failed>"
