"""Raises what went wrong in a batch."""

from collections.abc import Mapping

from rltools.errors import BatchError


def raise_failures(command: str, failures: Mapping[int, BaseException]) -> None:
    """Raise the failure of a call: itself if it is one, or a `BatchError` of many.

    Environments of one worker that died share one failure.

    Args:
        command: What the batch was asked for.
        failures: By environment index.
    """
    distinct = {id(error): error for error in failures.values()}
    if len(distinct) == 1:
        [error] = distinct.values()
        who = _name(list(failures))
        error.add_note(f"Raised by {who} of the batch in {command!r}.")
        raise error
    if failures:
        # The traceback of one: environments are alike, and so are their failures.
        raise BatchError(command, dict(failures)) from next(iter(failures.values()))


def _name(indices: list[int]) -> str:
    if len(indices) == 1:
        return f"environment {indices[0]}"
    return f"environments {indices}"
