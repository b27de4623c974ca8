"""Waits for the calls of several environments and keeps what each came to."""

import time
from collections.abc import Mapping
from typing import Any

from rltools.errors import BatchError, RequestTimeoutError
from rltools.process.promise import Promise


def gather(
    promises: Mapping[int, Promise],
) -> tuple[dict[int, Any], dict[int, Exception]]:
    """Wait for promises and tell results from failures.

    Args:
        promises: Promises by environment index.

    Returns:
        The tuple `(results, failures)`, both by environment index.
    """
    results: dict[int, Any] = {}
    failures: dict[int, Exception] = {}
    for index, promise in promises.items():
        try:
            results[index] = promise()
        except Exception as error:
            failures[index] = error
    return results, failures


def await_all(promises: Mapping[int, Promise], timeout: float) -> None:
    """Wait for promises, which keep what they come to.

    Args:
        promises: Promises by environment index.
        timeout: Seconds to wait in all.

    Raises:
        RequestTimeoutError: Not all results came in time. No promise is lost.
    """
    deadline = time.monotonic() + timeout
    for promise in promises.values():
        try:
            promise.result(max(0.0, deadline - time.monotonic()))
        except RequestTimeoutError:
            raise
        except Exception:
            continue  # The promise keeps it, to be told beside the others' failures.


def raise_failures(command: str, failures: Mapping[int, Exception]) -> None:
    """Raise the failure of a call: itself if it is one, or a `BatchError` of many."""
    if len(failures) == 1:
        [(index, error)] = failures.items()
        error.add_note(f"Raised by environment {index} of the batch in {command!r}.")
        raise error
    if failures:
        # The traceback of one: environments are alike, and so are their failures.
        raise BatchError(command, dict(failures)) from next(iter(failures.values()))
