"""The command `rltools check`."""

import argparse
import contextlib
import json
import re
import shutil
import sys
from functools import partial
from typing import TYPE_CHECKING, Any

from rltools.bench.option_types import count, mapping
from rltools.errors import InvalidArgumentError, InvalidOptionError

if TYPE_CHECKING:
    from rltools.checks.report import Report

_OF_BATCHES = {"seed", "steps", "options", "exclude"}
_NEGATIONS = {
    "not_reproducible": ("reproducible", "the same seed may give different results"),
    "seed_does_not_matter": ("seed_matters", "every seed gives the same results"),
    "not_picklable": ("picklable", "it can't be pickled or deep-copied"),
    "no_processes": ("processes", "start no other process"),
}
_DECLARATIONS = {
    "ends_both_ways": "a step may be terminated and truncated",
    "info_keys_vary": "infos may have other keys from step to step",
    "one_instance": "only one instance may exist at a time, or takes long to make",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command to its parser."""
    parser.description = (
        "Checks that an environment keeps the contract of Gymnasium, and more: a table "
        "of every check that passed, failed or could not be exercised, and why. The "
        "exit code is 1 if one failed."
    )
    parser.add_argument(
        "target",
        nargs="?",  # Lists of other options may have taken it: see `_find_target`.
        help="module:name of a callable that makes it, or what gymnasium.make takes",
    )
    parser.add_argument(
        "--batch",
        metavar="module:name",
        help="check this callable instead, which makes a vector environment of a list "
        "of constructors, such as gymnasium.vector:SyncVectorEnv; of target then",
    )
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    numbers: dict[str, tuple[Any, str]] = {
        "seed": (int, "seed of the first reset and of the actions (default: 0)"),
        "steps": (count, "steps to play at least (default: 200)"),
        "episodes": (int, "episodes to play to their end (default: 2)"),
        "max-steps": (count, "length that no episode exceeds"),
    }
    for name, (kind, text) in numbers.items():
        parser.add_argument(f"--{name}", type=kind, metavar="N", help=text)
    parser.add_argument(
        "--options",
        type=mapping,
        metavar="JSON",
        help="""options that every reset needs, such as '{"level": 3}'""",
    )
    parser.add_argument(
        "--exclude", nargs="+", default=[], metavar="CHECK", help="checks not to run"
    )
    parser.add_argument(
        "--varying-infos",
        nargs="+",
        metavar="KEY",
        help="keys of infos that tell, for example, how long an episode took",
    )
    declared = parser.add_argument_group("what is legitimately different")
    for name, (_, text) in _NEGATIONS.items():
        declared.add_argument(
            f"--{name.replace('_', '-')}", action="store_true", help=text
        )
    for name, text in _DECLARATIONS.items():
        declared.add_argument(
            f"--{name.replace('_', '-')}", action="store_true", help=text
        )
    parser.set_defaults(run=partial(_run, parser))


def _run(parser: argparse.ArgumentParser, options: argparse.Namespace) -> int:
    # Not before: they import Gymnasium.
    from rltools.checks.table import format_table, has_colours

    _find_target(parser, options)
    # What the environment prints is no part of the report.
    with contextlib.redirect_stdout(sys.stderr):
        report = _check(options)
    if options.json:
        print(json.dumps(report.as_dict(), indent=2))
    else:
        width = max(shutil.get_terminal_size((88, 24)).columns, 60)
        print(format_table(report, colours=has_colours(sys.stdout), width=width))
    return 1 if report.failed else 0


def _find_target(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    """Give back a target that stood behind a list, as in `--exclude L3 TARGET`."""
    names = [name for given in options.exclude for name in given.split(",") if name]
    if options.target is None and names and not re.fullmatch(r"\w\d+", names[-1]):
        options.target = names.pop()
    if options.target is None and len(options.varying_infos or ()) > 1:
        options.target = options.varying_infos.pop()
    if options.target is None:
        parser.error("the following arguments are required: target")
    options.exclude = [name.upper() for name in names]


def _check(options: argparse.Namespace) -> "Report":
    from rltools.bench.progress import progress
    from rltools.bench.target import load_callable, load_constructor, make_env
    from rltools.checks.batch_environment import check_batch_env
    from rltools.checks.environment import check_env

    arguments = _arguments(options)
    if options.batch is not None and (unknown := arguments.keys() - _OF_BATCHES):
        raise InvalidOptionError(
            "--batch: expected only --seed, --steps, --options and --exclude beside "
            "it, got what is said of single environments "
            f"({', '.join(sorted(unknown))})."
        )
    with progress() as show:
        show(f"{options.target}: is made for the first time")
        make_env(options.target).close()  # Says in one line what is wrong with it.
        make = load_constructor(options.target)
        if options.batch is None:
            return check_env(make, progress=show, **arguments)
        make_batch = load_callable(options.batch, makes="a vector environment")
        try:
            return check_batch_env(make_batch, make, progress=show, **arguments)
        except InvalidArgumentError as error:
            told = str(error).replace("make_batch", options.batch, 1)
            raise InvalidArgumentError(f"--batch: {told}") from error


def _arguments(options: argparse.Namespace) -> dict[str, Any]:
    """The arguments of `check_env` that were given on the command line."""
    given = vars(options)
    arguments = {
        name: given[name]
        for name in ("seed", "steps", "episodes", "max_steps", "options")
        if given[name] is not None
    }
    arguments |= {name: True for name in _DECLARATIONS if given[name]}
    arguments |= {name: False for key, (name, _) in _NEGATIONS.items() if given[key]}
    if options.varying_infos is not None:
        arguments["varying_infos"] = options.varying_infos
    return {**arguments, "exclude": options.exclude}
