"""Every error of the library is one of its own kind, and survives a pickle."""

import inspect
import pickle

import pytest

from rltools import errors

CONTEXT = {"worker": 3, "command": "step", "step": 12}
ARGUMENTS = {
    errors.MissingExtraError: (("tensorflow", "tensorflow"), {}),
    errors.LeakError: (("The test", ("descriptor 3: /dev/null",)), {}),
    errors.BatchError: (("step", {1: ValueError("stuck")}), {}),
    errors.WorkerError: (("worker 3",), CONTEXT),
    errors.RemoteError: (
        ("raised",),
        {**CONTEXT, "original_type": "ValueError", "remote_traceback": "line 3"},
    ),
    errors.WorkerDiedError: (("died",), {**CONTEXT, "exit_code": -9}),
    errors.RequestTimeoutError: (("late",), CONTEXT),
}
CLASSES = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if kind.__module__ == errors.__name__
]


@pytest.mark.parametrize("kind", CLASSES)
def test_pickling_loses_nothing(kind):
    args, kwargs = ARGUMENTS.get(kind, (("what is wrong",), {}))
    error = kind(*args, **kwargs)
    error.add_note("and where")
    copy = pickle.loads(pickle.dumps(error))
    assert isinstance(error, errors.RLToolsError)
    assert type(copy) is kind
    assert str(copy) == str(error)
    assert copy.__notes__ == ["and where"]
    for name, value in vars(error).items():
        assert repr(getattr(copy, name)) == repr(value)


def test_errors_are_also_of_the_fitting_built_in_type():
    assert issubclass(errors.InvalidActionError, ValueError)
    assert issubclass(errors.RequestTimeoutError, TimeoutError)
    assert issubclass(errors.NotPicklableError, TypeError)
    assert issubclass(errors.MissingExtraError, ImportError)


def test_batch_error_tells_every_failure():
    error = errors.BatchError("step", {0: ValueError("a"), 2: KeyError("b")})
    assert "environment 0: ValueError: a" in str(error)
    assert "environment 2: KeyError: 'b'" in str(error)
