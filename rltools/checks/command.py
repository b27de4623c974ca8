"""The command `rltools check`."""

import argparse
import contextlib
import json
import shutil
import sys
from typing import TYPE_CHECKING, Any

from rltools.bench.option_types import count
from rltools.errors import InvalidOptionError

if TYPE_CHECKING:
    from rltools.checks.report import Report

_OF_BATCHES = {"seed", "steps", "exclude"}
_NEGATIONS = {
    "not_reproducible": ("reproducible", "the same seed may give different results"),
    "seed_does_not_matter": ("seed_matters", "every seed gives the same results"),
    "not_picklable": ("picklable", "it can't be pickled or deep-copied"),
    "no_processes": ("processes", "start no other process"),
}
_DECLARATIONS = {
    "ends_both_ways": "a step may be terminated and truncated",
    "info_keys_vary": "infos may have other keys from step to step",
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
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    # Not before: they import Gymnasium.
    from rltools.checks.table import format_table, has_colours

    # What the environment prints is no part of the report.
    with contextlib.redirect_stdout(sys.stderr):
        report = _check(options)
    if options.json:
        print(json.dumps(report.as_dict(), indent=2))
    else:
        width = max(shutil.get_terminal_size((88, 24)).columns, 60)
        print(format_table(report, colours=has_colours(sys.stdout), width=width))
    return 1 if report.failed else 0


def _check(options: argparse.Namespace) -> "Report":
    from rltools.bench.target import load_constructor, make_env
    from rltools.checks.batch_environment import check_batch_env
    from rltools.checks.environment import check_env

    make_env(options.target).close()  # Says in one line what is wrong with the target.
    make, arguments = load_constructor(options.target), _arguments(options)
    if options.batch is None:
        return check_env(make, **arguments)
    if unknown := arguments.keys() - _OF_BATCHES:
        raise InvalidOptionError(
            f"--batch: expected only --seed, --steps and --exclude beside it, got "
            f"what is said of single environments ({', '.join(sorted(unknown))})."
        )
    make_batch: Any = load_constructor(options.batch)
    return check_batch_env(make_batch, make, **arguments)


def _arguments(options: argparse.Namespace) -> dict[str, Any]:
    """The arguments of `check_env` that were given on the command line."""
    given = vars(options)
    arguments = {
        name: given[name]
        for name in ("seed", "steps", "episodes", "max_steps")
        if given[name] is not None
    }
    arguments |= {name: True for name in _DECLARATIONS if given[name]}
    arguments |= {name: False for key, (name, _) in _NEGATIONS.items() if given[key]}
    if options.varying_infos is not None:
        arguments["varying_infos"] = options.varying_infos
    return {**arguments, "exclude": options.exclude}
