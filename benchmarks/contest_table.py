"""The table of a contest, and one line for each library that ours is compared with."""

from collections.abc import Mapping, Sequence

from benchmarks.contest import Contest, Row
from rltools.bench.table import format_plain

OURS = "rltools"


def format_contest(
    contest: Contest,
    *,
    parts: Sequence[str] = (),
    figures: Mapping[str, str] | None = None,
) -> list[str]:
    """Lines of a table, a row for each contender.

    Args:
        contest: The figures.
        parts: Which parts of a turn get a column, in milliseconds.
        figures: Which other figures get a column; the unit of each by its name.
    """
    figures = figures or {}
    headers = [
        *("contender", "steps/s", "slowest", "fastest"),
        *(f"{name}, ms" for name in parts),
        *(f"{name}, {unit}" for name, unit in figures.items()),
        "note",
    ]
    rows = [_format_row(row, parts, list(figures)) for row in contest.rows]
    return format_plain(headers, rows, left=(0, len(headers) - 1))


def format_ratios(
    contest: Contest, wanted: Mapping[str, float], *, ours: str = OURS
) -> list[str]:
    """Lines that say how many times as fast ours is, and whether that is enough.

    Args:
        contest: The figures.
        wanted: The least ratio to each of the other libraries, by their names; 0 where
            there is none.
        ours: Whose setting is compared with them.
    """
    lines = []
    for library, least in wanted.items():
        ratio = contest.ratio(ours, library)
        best, other = contest.best(ours), contest.best(library)
        if ratio is None or best is None or other is None:
            lines.append(f"{library}: nothing to compare with")
            continue
        line = f"{best.contender}: {ratio:.2f} x {other.contender} of {library}"
        if least:
            verdict = "as wanted" if ratio >= least else "NOT as wanted"
            line += f", {verdict} (at least {least:g})"
        lines.append(line)
    return lines


def _format_row(row: Row, parts: Sequence[str], figures: Sequence[str]) -> list[str]:
    rates = (row.median, row.rates[0], row.rates[-1]) if row.results else [None] * 3
    seconds = [row.part(name) for name in parts]
    milliseconds = [None if each is None else 1e3 * each for each in seconds]
    return [
        row.contender,
        *(_format(rate) for rate in rates),
        *(_format(value) for value in milliseconds),
        *(_format(row.figure(name)) for name in figures),
        "; ".join(row.notes),
    ]


def _format(value: float | None) -> str:
    """At least three digits, as nobody needs more."""
    if value is None:
        return "-"
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
