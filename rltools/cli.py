"""The command line: `rltools`, or `python -m rltools`."""

import argparse
import json
import os
import platform
import re
import sys
from collections.abc import Sequence
from importlib import metadata
from typing import Any, NoReturn

import rltools
from rltools.bench.machine import count_cores, find_version
from rltools.bench.option_types import count, seconds
from rltools.checks import command as check
from rltools.mocks.recording.parsers import add_record, add_replay

_PACKAGES = (
    "numpy",
    "gymnasium",
    "cloudpickle",
    "tensorflow",
    "tensorboard",
    "gym",
    "ray",
    "pytest",
    "hypothesis",
    "rich",
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    Args:
        arguments: The command and its options; those of the process if None.

    Returns:
        Exit code: 0, 1 if what was checked has failed, 2 if the command could not be
        carried out, 130 after Ctrl-C, 141 if nobody reads what it prints.

    Raises:
        SystemExit: The arguments make no sense (code 2), or ask for help (code 0).
    """
    options = _make_parser().parse_args(arguments)
    try:
        code = options.run(options) or 0
        sys.stdout.flush()
        return code
    except rltools.errors.RLToolsError as error:
        print(f"rltools: {_first_line(error)}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        _discard_output()
        return 141
    except OSError as error:  # Such as a disk that is full.
        _discard_output()
        print(f"rltools: can't write the output: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def _first_line(error: Exception) -> str:
    """The message, of which what came with it from elsewhere may take more lines."""
    return next(iter(str(error).splitlines()), type(error).__name__)


def _discard_output() -> None:
    """Keep Python from trying to print once more when it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def collect_info() -> dict[str, Any]:
    """Collect what a bug report needs, without importing what it is about.

    Returns:
        Dictionary of the versions of `python`, `platform` and `rltools`, the number of
        `cores` this process may use, `packages` with the version of each (None if it is
        not installed) and `extras` with whether all packages of each are installed.
    """
    return {
        "rltools": rltools.__version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cores": count_cores(),
        "packages": {name: find_version(name) for name in _PACKAGES},
        "extras": _find_extras(),
    }


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        # Without the usage, which would hide the one line that matters.
        self.exit(2, f"{self.prog}: {message} (see {self.prog} --help)\n")


def _make_parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="rltools",
        description="Test doubles and environment wrappers for reinforcement learning.",
    )
    parser.add_argument(
        "--version", action="version", version=f"rltools {rltools.__version__}"
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="command")
    info = commands.add_parser(
        "info", help="print versions and extras, as a bug report needs them"
    )
    info.add_argument("--json", action="store_true", help="print them as JSON")
    info.set_defaults(run=_run_info)
    check.add_arguments(commands.add_parser("check", help="check an environment"))
    _add_bench(commands.add_parser("bench", help="measure an environment in workers"))
    add_record(commands.add_parser("record", help="record an environment to a file"))
    add_replay(
        commands.add_parser(
            "replay", help="look into a recording, or compare an environment with it"
        )
    )
    return parser


def _add_bench(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Measures an environment in one process, in workers, and in Gymnasium's "
        "vector environments, side by side, and says which setting to use."
    )
    parser.add_argument(
        "target",
        help="module:name of a callable that makes it, or what gymnasium.make takes",
    )
    parser.add_argument(
        "--envs",
        type=count,
        default=8,
        help="how many environments (default: 8)",
    )
    parser.add_argument(
        "--seconds",
        type=seconds,
        default=1.0,
        help="per measurement (default: 1)",
    )
    parser.add_argument(
        "--rounds",
        type=count,
        default=3,
        help="measurements of each (default: 3)",
    )
    parser.add_argument("--json", action="store_true", help="print all figures as JSON")
    parser.set_defaults(run=_run_bench)


def _run_bench(options: argparse.Namespace) -> None:
    from rltools.bench.command import bench  # Not before: it imports Gymnasium.

    bench(
        options.target,
        num_envs=options.envs,
        seconds=options.seconds,
        rounds=options.rounds,
        as_json=options.json,
    )


def _run_info(options: argparse.Namespace) -> None:
    info = collect_info()
    if options.json:
        print(json.dumps(info, indent=2))
        return
    packages, extras = info.pop("packages"), info.pop("extras")
    info |= {name: version or "not installed" for name, version in packages.items()}
    info["extras"] = ", ".join(name for name in extras if extras[name]) or "none"
    width = max(map(len, info))
    for name, value in info.items():
        print(f"{name:{width}}  {value}")


def _find_extras() -> dict[str, bool]:
    try:
        distribution = metadata.metadata("rltools")
    except metadata.PackageNotFoundError:  # Run from a folder, not installed.
        return {}
    installed = {
        extra: True for extra in sorted(distribution.get_all("Provides-Extra") or [])
    }
    for requirement in metadata.requires("rltools") or []:
        extra = re.search(r"""extra == ['"]([^'"]+)""", requirement)
        package = re.match(r"[\w.-]+", requirement)
        if extra and package and find_version(package[0]) is None:
            installed[extra[1]] = False
    return installed
