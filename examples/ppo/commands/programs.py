"""What programs that look at a trained run share: their arguments and their errors."""

import argparse
import pathlib
import sys
import traceback
from collections.abc import Callable, Sequence

import gymnasium as gym

from examples.ppo.commands.parser import Parser, add_env_processes
from rltools.errors import BatchError, RemoteError, RLToolsError


def define_parser(program: str, description: str) -> Parser:
    """A parser with the arguments that lead to a checkpoint, and `traceback`."""
    parser = Parser(prog=f"python -m examples.ppo.{program}", description=description)
    parser.add_argument(
        "--logdir", type=pathlib.Path, required=True, help="folder with the run"
    )
    parser.add_argument(
        "--timestamp", help="that of the run's folder (default: the newest run)"
    )
    parser.add_argument(
        "--checkpoint",
        help="number of a checkpoint or its folder (default: the newest that is valid)",
    )
    parser.add_argument(
        "--traceback", action="store_true", help="show where an error comes from"
    )
    return parser


def add_environments(parser: Parser) -> None:
    """Add the arguments `num_agents`, `env_processes` and `seed`."""
    parser.add_argument(
        "--num_agents", type=positive, help="environments to play in side by side"
    )
    add_env_processes(parser)
    parser.add_argument(
        "--seed",
        type=natural,
        help="seed of the first environment (default: that of the run)",
    )


def positive(text: str) -> int:
    """A whole number of at least 1."""
    return _at_least(1, text)


def natural(text: str) -> int:
    """A whole number of at least 0."""
    return _at_least(0, text)


def _at_least(smallest: int, text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = smallest - 1
    if number < smallest:
        raise argparse.ArgumentTypeError(
            f"expected a whole number of at least {smallest}, got {text!r}"
        )
    return number


def run_program(
    main: Callable[[argparse.Namespace], None],
    parser: Parser,
    arguments: Sequence[str] | None,
) -> int:
    """Run a program and explain errors in plain words.

    Args:
        main: The program, called with the parsed arguments.
        parser: Parses them.
        arguments: The arguments, or None for those of the process.

    Returns:
        The exit code: 0, 2 after an error, or 130 if interrupted.
    """
    known = None
    try:
        known = parser.parse_args(arguments)
        main(known)
        return 0
    except KeyboardInterrupt:
        print("\nInterrupted.", file=sys.stderr)
        return 130
    except Exception as error:
        if known and known.traceback:
            traceback.print_exc()
        print(f"error: {explain(error)}", file=sys.stderr)
        return 2


def explain(error: BaseException) -> str:
    """What went wrong, in one line.

    Environments of a batch are alike, and so is what they have to say: the first one
    speaks for all.
    """
    while isinstance(error, BatchError):
        error = next(iter(error.failures.values()))
    if isinstance(error, RemoteError):
        # Its message ends with the traceback of the worker, which has no other cause.
        return explain(error.__cause__) if error.__cause__ else first_line(error)
    if isinstance(error, RLToolsError | gym.error.Error):
        return first_line(error)
    return f"{type(error).__name__}: {first_line(error)}"


def first_line(error: BaseException) -> str:
    """The first line of an error's message, or its type if there is none."""
    return str(error).strip().partition("\n")[0] or type(error).__name__
