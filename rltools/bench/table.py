"""Tables on the terminal: by rich where it is installed, plain otherwise."""

import sys
from collections.abc import Sequence
from importlib.util import find_spec

from rltools.bench.comparison import Comparison

HEADERS = (
    "contender",
    "steps/s",
    "slowest",
    "fastest",
    "x async",
    "x sync",
    "of limit",
    "start",
    "note",
)
_LEFT = (0, len(HEADERS) - 1)  # Columns of text; figures stand to the right.


def print_comparison(comparison: Comparison) -> None:
    """Print the table of a comparison."""
    rows = [_row(comparison, row.contender) for row in comparison.rows]
    title = f"{comparison.workload}, {comparison.num_envs} environments"
    if sys.stdout.isatty() and find_spec("rich"):
        _print_rich(title, rows)
    else:
        print(title, *format_plain(HEADERS, rows, left=_LEFT), "", sep="\n")


def format_plain(
    headers: Sequence[str], rows: Sequence[Sequence[str]], *, left: Sequence[int]
) -> list[str]:
    """Align the columns of a table.

    Args:
        headers: One for each column.
        rows: The cells.
        left: Indices of the columns whose text begins, not ends, in one line.

    Returns:
        The lines.

    >>> format_plain(["name", "count"], [["a", "1"]], left=[0])
    ['name  count', 'a         1']
    """
    widths = [max(map(len, column)) for column in zip(headers, *rows, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) if index in left else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ).rstrip()
        for cells in (headers, *rows)
    ]


def _print_rich(title: str, rows: Sequence[Sequence[str]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title, title_justify="left")
    for index, header in enumerate(HEADERS):
        table.add_column(header, justify="left" if index in _LEFT else "right")
    for row in rows:
        table.add_row(*row)
    Console(markup=False).print(table)


def _row(comparison: Comparison, contender: str) -> list[str]:
    row = comparison[contender]
    if row.median is None:
        return [contender, *["-"] * (len(HEADERS) - 2), row.problem or ""]
    ratios = (
        comparison.ratio(contender, f"gymnasium-{kind}") for kind in ("async", "sync")
    )
    of_limit = comparison.ratio(contender, "limit")
    notes = [*row.notes, f"then {row.problem}"] if row.problem else row.notes
    return [
        contender,
        *(f"{rate:,.0f}" for rate in (row.median, row.rates[0], row.rates[-1])),
        *("-" if ratio is None else f"{ratio:.2f}" for ratio in ratios),
        "-" if of_limit is None else f"{of_limit:.0%}",
        f"{row.start_seconds:.2f} s",
        "; ".join(notes),
    ]
