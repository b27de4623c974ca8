"""A parser of command lines, and the arguments that several of them have."""

import argparse
from typing import NoReturn

from rltools.errors import ConfigError


class Parser(argparse.ArgumentParser):
    """Raises `ConfigError` where the command line is wrong."""

    def error(self, message: str) -> NoReturn:
        """See `argparse.ArgumentParser`."""
        raise ConfigError(f"{message} (--help lists the arguments).")


def add_env_processes(parser: Parser) -> None:
    """Add the argument `env_processes`: True, False, or None where nothing is said."""
    processes = parser.add_mutually_exclusive_group()
    processes.add_argument(
        "--env_processes",
        action="store_true",
        default=None,
        help="environments in other processes (by default where that is faster)",
    )
    processes.add_argument(
        "--noenv_processes",
        action="store_false",
        dest="env_processes",
        help="all environments in this process",
    )
