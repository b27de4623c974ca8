"""Compare runs on a page: `python -m examples.ppo.report logs`."""

import argparse
import datetime
import pathlib
import sys
from collections.abc import Sequence
from typing import NoReturn

from examples.ppo.reports.curves import read_runs
from examples.ppo.reports.report_html import render
from rltools.errors import ConfigError, RLToolsError

PAGE_FILE = "report.html"


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise ConfigError(f"{message} (--help lists the arguments).")


def write_report(logdir: pathlib.Path, output: pathlib.Path) -> int:
    """Write the page that compares all runs of a logdir.

    Args:
        logdir: Where the runs are.
        output: The page, one HTML file that needs nothing beside it; it is written as a
            whole or not at all.

    Returns:
        The number of runs on it.

    Raises:
        ConfigError: There is no such logdir, it has no runs, or the page can't be
            written.
        MissingExtraError: TensorBoard is not installed.
    """
    runs = read_runs(logdir)
    if not runs:
        raise ConfigError(f"There are no runs in {str(logdir)!r}.")
    now = datetime.datetime.now()
    page = render(runs, name=logdir.resolve().name, created=now)
    aside = output.with_name(output.name + ".new")
    try:
        aside.write_text(page, encoding="utf-8")
        aside.replace(output)
    except OSError as error:
        # Neither is there where the folder is missing.
        if aside.is_file():
            aside.unlink()
        raise ConfigError(
            f"Can't write the page {str(output)!r}: {error.strerror}."
        ) from error
    return len(runs)


def run(arguments: Sequence[str] | None = None) -> int:
    """Write the page as told by the command line, and explain errors in plain words.

    Args:
        arguments: The arguments, or None for those of the process.

    Returns:
        The exit code: 0, or 2 after an error.
    """
    parser = _Parser(
        prog="python -m examples.ppo.report",
        description="Compare all runs of a logdir on a page.",
    )
    parser.add_argument("folder", nargs="?", type=pathlib.Path, help="the logdir")
    parser.add_argument("--logdir", type=pathlib.Path, help="the same, by its name")
    parser.add_argument(
        "--output",
        type=pathlib.Path,
        help=f"the page to write, {PAGE_FILE} in the logdir by default",
    )
    try:
        known = parser.parse_args(arguments)
        if (known.folder is None) == (known.logdir is None):
            parser.error("one logdir is needed")
        logdir = known.logdir or known.folder
        output = known.output or logdir / PAGE_FILE
        count = write_report(logdir, output)
    except (RLToolsError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(f"{count} run{'s' * (count != 1)} compared in {output}")
    return 0


if __name__ == "__main__":
    sys.exit(run())
