"""Compares what a batch returned or raised with the rows that a model expects."""

import re

import numpy as np

from rltools.errors import BatchError, RemoteError


def unstack(infos, count):
    """The info of each environment, as it was before the batch stacked them."""
    rows = [{} for _ in range(count)]
    for key, values in infos.items():
        if key.startswith("_"):
            continue
        parts = unstack(values, count) if isinstance(values, dict) else values
        for row in np.flatnonzero(infos[f"_{key}"]):
            rows[row][key] = parts[row]
    return rows


def check_info(found, row):
    """That the info of one environment is as expected."""
    found, expected = dict(found), dict(row.info)
    if row.may_tell:
        found.pop("worker_restarted", None)
        expected.pop("worker_restarted", None)
    _check_same(found, expected, "info")


def _check_same(found, expected, path):
    if isinstance(expected, dict):
        assert found.keys() == expected.keys(), (path, found, expected)
        for key, value in expected.items():
            _check_same(found[key], value, f"{path}[{key!r}]")
    elif expected is None:
        assert isinstance(found, np.ndarray), (path, found)
    elif isinstance(expected, str):
        assert expected in found, (path, found, expected)
    else:
        np.testing.assert_array_equal(found, expected, path)


def check_step(found, row):
    """That the five values of one environment are as expected."""
    observ, reward, terminated, truncated, info = found
    if row.value is not None:
        np.testing.assert_array_equal(observ, row.value)
    assert (reward, terminated, truncated) == (
        *(row.reward, row.terminated),
        row.truncated,
    )
    check_info(info, row)


def check_reset(found, row):
    """That the observation and info of one environment are as expected."""
    np.testing.assert_array_equal(found[0], row.value)
    check_info(found[1], row)


def failures_of(error, rows=()):
    """The errors that an error of a call consists of, by environment.

    Args:
        error: What was raised, or None.
        rows: The environments of the call, for one that concerns a single one.
    """
    if isinstance(error, BatchError):
        return error.failures
    if error is None or len(rows) == 1:
        return {row: error for row in rows if error is not None}
    told = re.match(r"Raised by environments? \[?([0-9, ]+)", error.__notes__[-1])
    return {int(row): error for row in told[1].split(", ")}


def check_type(error, kinds):
    """That an error is of a type, or of one of several."""
    assert type(error) in (kinds if isinstance(kinds, tuple) else (kinds,)), (
        *(error, kinds),
    )


def check_error(error, expected, command, *, may_skip=False):
    """That an error of a batch is that of these environments, and tells which.

    Args:
        error: What was raised.
        expected: Types of errors, by environment.
        command: What the batch was asked for.
        may_skip: Whether an environment may do without, since its worker was back.
    """
    failures = failures_of(error)
    if isinstance(error, BatchError):
        assert len({id(each) for each in failures.values()}) > 1
    told = re.compile(rf"Raised by environments? [^ ].* of the batch in '{command}'.")
    assert isinstance(error, BatchError) or told.fullmatch(error.__notes__[-1])
    if may_skip:
        assert failures.keys() <= expected.keys()
    else:
        assert list(failures) == list(expected)
    for row in failures:
        kind = expected[row]
        check_type(failures[row], kind)
        if kind is RemoteError:
            assert failures[row].env == row
            assert failures[row].original_type == "ValueError"
