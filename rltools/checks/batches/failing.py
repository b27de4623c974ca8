"""Checks of what a batch does when something goes wrong: V10 and V11."""

import inspect
import re
import tempfile
import traceback
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from rltools.checks.batches.guarded_batch import GuardedBatch
from rltools.checks.batches.puppet import (
    GO,
    MESSAGE,
    RAISE,
    RAISE_BOUND,
    RAISE_DETAILED,
    TOTAL,
    BoundPuppetError,
    DetailedPuppetError,
    PuppetError,
    read_diary,
)
from rltools.checks.batches.trial import BatchTrial, commands
from rltools.checks.check import Hint, check, tell_exception
from rltools.errors import RequestTimeoutError

_CULPRIT = "_tear_the_string"  # The method that raises.


@check("V10", "a pending call is in the way of others, and closing ends everything")
def life_is_in_order(trial: BatchTrial) -> Iterator[str]:
    """Yield calls that should raise, and environments that are not closed."""
    with trial.puppets() as batch:
        batch.reset()
        start = _asynchronous(batch)
        if start is None:
            yield Hint("It has no asynchronous calls: pending ones were not tried.")
        else:
            yield from _pending_problems(batch, *start)
    with tempfile.TemporaryDirectory() as folder:
        diary = Path(folder, "diary")
        batch = trial.make(trial.puppet_constructors(diary=str(diary)))
        pending: Any = None
        what = "close" if start is None else "close while a step is pending"
        try:
            batch.reset()
            if (start := _asynchronous(batch)) is not None:
                pending = start[0](commands(batch, GO))  # Held: nobody gives it up.
        finally:
            yield from _raised(what, batch.close)
        del pending
        yield from _raised("close once more", batch.close)
        yield from _closing_problems(read_diary(diary), trial.options.num_envs)
    if not batch.env.closed:
        yield "closed: expected True after close, got False"
    actions = commands(batch, GO)
    yield from batch.must_raise("reset after close", batch.env.reset)
    yield from batch.must_raise("step after close", partial(batch.env.step, actions))


@check("V11", "what an environment raises keeps its type, message and traceback")
def errors_arrive(trial: BatchTrial) -> Iterator[str]:
    """Yield exceptions that have lost something on their way."""
    for name, command, kind in (
        ("an exception", RAISE, PuppetError),
        ("one that is made of two values", RAISE_DETAILED, DetailedPuppetError),
        ("one that can't be pickled", RAISE_BOUND, BoundPuppetError),
    ):
        with trial.puppets() as batch:
            batch.reset()
            values = [GO] * batch.env.num_envs
            values[-1] = command
            try:
                batch.step(commands(batch, *values))
            except RequestTimeoutError as error:
                yield f"{name}: expected it from step, but {error}"
            except Exception as error:
                yield from _losses(error, kind, name, picklable=command != RAISE_BOUND)
            else:
                yield f"{name}: expected it from step, got a result"
            # Whether the batch can go on is its own choice, but then it has to do so.
            try:
                batch.reset()
            except Exception:
                batch.spoiled = True


CHECKS = (life_is_in_order, errors_arrive)


def _losses(
    error: Exception, kind: type[Exception], name: str, *, picklable: bool
) -> Iterator[str]:
    text = "".join(traceback.format_exception(error))
    chain: list[BaseException] = [error]
    while (cause := chain[-1].__cause__ or chain[-1].__context__) is not None:
        chain.append(cause)
    told = tell_exception(error)
    is_there = any(isinstance(each, kind) for each in chain)
    if not is_there and (picklable or kind.__name__ not in text):
        yield f"{name}: type: expected {kind.__name__} or a cause of it, got {told}"
    if MESSAGE not in text:
        yield f"{name}: message: expected {MESSAGE!r} in it, got {told}"
    if not re.search(rf"\bin {_CULPRIT}\b", text):
        yield (
            f"{name}: traceback: expected the environment's method {_CULPRIT} in it, "
            f"got {told}"
        )


def _asynchronous(
    batch: GuardedBatch,
) -> tuple[Callable[[Any], Any], Callable[[Any], Any]] | None:
    """How to start a step and how to wait for what that returned, if it can be."""
    env: Any = batch.env
    if all(callable(getattr(env, name, None)) for name in ("step_async", "step_wait")):
        return partial(batch.call, "step_async"), lambda _: batch.call("step_wait")
    if "blocking" in inspect.signature(env.step).parameters:
        return partial(batch.step, blocking=False), batch.limit
    return None


def _pending_problems(
    batch: GuardedBatch, start: Callable[[Any], Any], wait: Callable[[Any], Any]
) -> Iterator[str]:
    actions = commands(batch, GO)
    total = int(batch.reset()[0][0][TOTAL])
    if callable(getattr(batch.env, "step_wait", None)):
        yield from batch.must_raise("a wait for nothing", lambda: wait(None))
    pending = start(actions)
    for name, call in (
        ("a second step", lambda: start(actions)),
        ("a reset", batch.env.reset),
    ):
        yield from batch.must_raise(f"{name} while a step is pending", call)
        if batch.spoiled:
            return
    got = int(wait(pending)[0][0][TOTAL]) - total
    if got != 1:
        yield f"the pending step: expected it to be 1 step, got {got}"


def _raised(what: str, call: Callable[[], Any]) -> Iterator[str]:
    try:
        call()
    except Exception as error:
        yield f"{what}: raised {tell_exception(error)}"


def _closing_problems(diary: list[tuple[str, int]], count: int) -> Iterator[str]:
    if not diary:
        yield Hint("Environments work where they can't tell of being closed.")
        return
    for index in range(count):
        made, closed = diary.count(("made", index)), diary.count(("closed", index))
        if closed < made:
            yield f"environment {index}: expected to be closed, got no call of close"
