"""Measures libraries in turn, round by round, each in a process of its own."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from benchmarks.contest import Contender, Contest, Result, Row
from benchmarks.elsewhere import run_elsewhere
from rltools.bench.rounds import rotate


def hold(
    name: str,
    contenders: Sequence[Contender],
    task: dict[str, Any],
    *,
    rounds: int,
    limit: float,
    report: Callable[[str], None],
) -> Contest:
    """Measure all contenders once in each round, in an order that changes.

    Whoever fails leaves; the others go on.

    Args:
        name: What is done, for the figures.
        contenders: Who takes part.
        task: Arguments that all of them have in common, by name.
        rounds: How many times.
        limit: Seconds that one measurement may take, with the start of its process.
        report: Called before each measurement with a line that says which it is.

    Returns:
        All figures.
    """
    rows = {one.name: Row(one.name, one.library) for one in contenders}
    for index in range(rounds):
        for one in rotate(contenders, index):
            if rows[one.name].problem is None:
                report(f"{name}, round {index + 1} of {rounds}: {one.name}")
                rows[one.name] = _measure(one, task, rows[one.name], limit)
    return Contest(name, task, tuple(rows.values()))


def _measure(contender: Contender, task: dict[str, Any], row: Row, limit: float) -> Row:
    outcome = run_elsewhere(
        contender.python,
        contender.function,
        {**task, **contender.options},
        seconds=limit,
    )
    if outcome.problem is not None:
        return replace(row, problem=_shorten(outcome.problem))
    result = Result(**outcome.value)
    if outcome.left_behind:
        left = f"left {outcome.left_behind} processes behind"
        result = replace(result, note=", ".join(filter(None, [result.note, left])))
    return replace(row, results=(*row.results, result))


def _shorten(problem: str) -> str:
    missing = "ModuleNotFoundError: No module named "
    if problem.startswith(missing):
        package = problem.removeprefix(missing).strip("'").partition(".")[0]
        return f"{package} is not installed"
    return problem
