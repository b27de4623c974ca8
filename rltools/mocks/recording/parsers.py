"""The options of `rltools record` and `rltools replay`; imports nothing heavy."""

import argparse

from rltools.bench.option_types import count, mapping, seed

_TARGET = "module:name of a callable that makes it, or what gymnasium.make takes"


def add_record(parser: argparse.ArgumentParser) -> None:
    """Add the options of `rltools record` to its parser."""
    parser.description = (
        "Records an environment to a file, which rltools.mocks.Replay plays back "
        "without it. Every episode is reset with a seed of its own."
    )
    parser.add_argument("target", help=_TARGET)
    parser.add_argument(
        "--output", required=True, metavar="FILE", help="the file to write, *.npz"
    )
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--steps", type=count, help="how many steps (default: 1000)")
    length.add_argument("--episodes", type=count, help="how many episodes instead")
    parser.add_argument(
        "--seed",
        type=seed,
        help="seed of the actions and of the first episode; the others have those that "
        "follow (default: 0)",
    )
    parser.add_argument(
        "--actions",
        default="random",
        metavar="random|FILE",
        help="random ones, or the seeds and actions of another recording "
        "(default: random)",
    )
    parser.add_argument(
        "--options",
        type=mapping,
        metavar="JSON",
        help="""options of every reset, such as '{"level": 3}'""",
    )
    parser.set_defaults(run=_run_record)


def add_replay(parser: argparse.ArgumentParser) -> None:
    """Add the options of `rltools replay` to its parser."""
    parser.description = (
        "Prints what is in a recording. With a target, takes that environment through "
        "the seeds and actions of the recording, and shows where it first does "
        "something else; the exit code is 1 then."
    )
    parser.add_argument("file", help="the recording")
    parser.add_argument("target", nargs="?", help=_TARGET)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=_run_replay)


def _run_record(options: argparse.Namespace) -> None:
    # Not before: it imports Gymnasium.
    from rltools.mocks.recording.commands import record

    record(
        options.target,
        options.output,
        steps=options.steps,
        episodes=options.episodes,
        seed=options.seed,
        actions=options.actions,
        options=options.options,
    )


def _run_replay(options: argparse.Namespace) -> int:
    from rltools.mocks.recording.commands import replay

    return replay(options.file, options.target, as_json=options.json)
