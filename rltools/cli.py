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
        Exit code: 0, or 2 if the command could not be carried out.

    Raises:
        SystemExit: The arguments make no sense (code 2), or ask for help (code 0).
    """
    options = _make_parser().parse_args(arguments)
    try:
        options.run(options)
    except rltools.errors.RLToolsError as error:
        print(f"rltools: {error}", file=sys.stderr)
        return 2
    return 0


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
        "cores": _count_cores(),
        "packages": {name: _find_version(name) for name in _PACKAGES},
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
    return parser


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


def _count_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _find_version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


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
        if extra and package and _find_version(package[0]) is None:
            installed[extra[1]] = False
    return installed
