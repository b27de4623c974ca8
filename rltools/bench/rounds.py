"""Measures contenders in turn, round by round."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from rltools.bench.apart import run_apart
from rltools.bench.comparison import Comparison, Row
from rltools.bench.contender import Contender, Task

_SECONDS_FOR_THE_REST = 60.0
_T = TypeVar("_T")


def compare(
    workload: str,
    contenders: Sequence[Contender],
    task: Task,
    *,
    rounds: int,
    report: Callable[[str], None],
) -> Comparison:
    """Measure all contenders once in each round.

    So a change in the load of the machine reaches all of them, and the order changes
    from round to round. Each measurement is made in a process of its own that ends with
    it, so that no other contender is there, busy or idle. Whoever fails leaves.

    Args:
        workload: What to call the environments.
        contenders: Who takes part.
        task: What each of them has to do.
        rounds: How many times.
        report: Called before each measurement with a line that says which it is.

    Returns:
        All figures.
    """
    rows = {one.name: Row(one.name) for one in contenders}
    for index in range(rounds):
        for one in rotate(contenders, index):
            if rows[one.name].problem is None:
                report(f"{workload}, round {index + 1} of {rounds}: {one.name}")
                rows[one.name] = _measure(one, task, rows[one.name])
    return Comparison(workload, task.num_envs, task.seconds, tuple(rows.values()))


def rotate(values: Sequence[_T], places: int) -> list[_T]:
    """The values in another order: those at the beginning are moved to the end.

    >>> rotate([1, 2, 3], 4)
    [2, 3, 1]
    """
    places %= max(1, len(values))
    return [*values[places:], *values[:places]]


def _measure(contender: Contender, task: Task, row: Row) -> Row:
    if not contender.is_installed:
        return replace(row, problem="not installed")
    seconds = _SECONDS_FOR_THE_REST + 2 * task.seconds
    outcome = run_apart(contender.measure, task, seconds=seconds)
    if outcome.problem is not None:
        return replace(row, problem=outcome.problem)
    measurement = outcome.value
    if outcome.left_behind:
        note = f"left {outcome.left_behind} processes behind"
        note = ", ".join(filter(None, [measurement.note, note]))
        measurement = replace(measurement, note=note)
    return replace(row, measurements=(*row.measurements, measurement))
