"""A report as a table for people, with colours where there is a terminal."""

import os
import textwrap
from typing import TextIO

from rltools.checks.report import Outcome, Report

_COLOURS: dict[Outcome, str] = {"passed": "32", "failed": "1;31", "skipped": "33"}
_INDENT = " " * 15  # Where the titles begin.


def has_colours(stream: TextIO) -> bool:
    """Whether to write colours: to a terminal, unless NO_COLOR is set."""
    return stream.isatty() and not os.environ.get("NO_COLOR")


def format_table(report: Report, *, colours: bool, width: int = 88) -> str:
    """Write a report as a table of every check, with the reasons of those not passed.

    Args:
        report: The report.
        colours: Whether to mark the outcomes by colours of the terminal.
        width: Number of columns to break reasons at.

    Returns:
        Several lines, without one at the end.
    """
    lines = []
    for result in report:
        found = _paint(f"{result.outcome:8}", result.outcome, colours)
        lines.append(f"  {result.name:3} {found} {result.title}")
        for line in result.reason.splitlines():
            lines += textwrap.wrap(
                line,
                width,
                initial_indent=_INDENT,
                subsequent_indent=_INDENT + "  ",
                break_long_words=False,
                break_on_hyphens=False,
            )
    counts = []
    for outcome in _COLOURS:
        number = sum(result.outcome == outcome for result in report)
        counts.append(_paint(f"{number} {outcome}", outcome, colours and number > 0))
    return "\n".join([report.subject, *lines, ", ".join(counts)])


def _paint(text: str, outcome: Outcome, colours: bool) -> str:
    return f"\033[{_COLOURS[outcome]}m{text}\033[0m" if colours else text
