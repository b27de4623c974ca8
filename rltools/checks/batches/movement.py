"""Says whether the puppets of a batch have moved when they should not have."""

from collections.abc import Callable
from typing import Any

import numpy as np

from rltools.checks.batches.guarded_batch import GuardedBatch
from rltools.checks.batches.puppet import EPISODE, GO, STEP, TOTAL
from rltools.checks.batches.trial import commands
from rltools.checks.check import tell_exception

_PLACES = [EPISODE, STEP, TOTAL]


def refusal_problems(
    batch: GuardedBatch, call: Callable[[], Any], what: str
) -> list[str]:
    """Violations where a call should raise before any puppet moves.

    The batch is reset and takes a step before, and another one after the call. It is
    spoiled where there is a violation.

    Args:
        batch: A batch of puppets.
        call: Makes the call.
        what: What the call is given that is wrong.
    """
    batch.reset()
    before = _step(batch)
    found = batch.must_raise(what, call)
    if not found:
        found = _movements(batch, before, what)
    batch.spoiled |= bool(found)
    return found


def _movements(batch: GuardedBatch, before: np.ndarray, what: str) -> list[str]:
    try:
        after = _step(batch)
    except Exception as error:
        told = tell_exception(error)
        return [f"{what}: raised, but the next good step raised {told}"]
    moved = np.any(after - before != [0, 1, 1], axis=1)
    if moved.any():
        where = np.flatnonzero(moved).tolist()
        return [f"{what}: raised, but environments {where} had moved"]
    # The step may have been given the answers to the call that raised.
    try:
        began = [int(row[STEP]) for row in batch.reset()[0]]
    except Exception as error:
        told = tell_exception(error)
        return [f"{what}: raised, but a reset two calls later raised {told}"]
    if any(began):
        return [f"{what}: raised, but a reset two calls later began at steps {began}"]
    return []


def _step(batch: GuardedBatch) -> np.ndarray:
    observ = batch.step(commands(batch, GO))[0]
    return np.asarray(observ)[:, _PLACES].astype(np.int64)
