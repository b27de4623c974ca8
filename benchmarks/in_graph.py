"""Steps inside the graph: `rltools.simulate` beside other ways, in one run.

    python -m benchmarks.in_graph --tf-agents .venv-tf-agents/bin/python

All let a policy and a value network, each of two layers of 64 with tanh, act in 32
CartPoles, and remember observation, action, value and the action's log-probability. A
turn is so many steps of all environments:

- `rltools-*`: one call `simulate(..., steps=n)`, under several numbers of workers, of
  an algorithm in the graph or (`arrays`) of one in plain Python and NumPy;
- `call-per-step`: n calls of `simulate`;
- `loop`: a loop in Python around the same batch and algorithm, the algorithm's verbs
  compiled by `tf.function`;
- `eager-loop`: the same loop with nothing compiled;
- `tf-agents-*`: one `DynamicStepDriver.run`, over its environments in processes, in
  threads, or one after another.

Starting and the first turn, which compile, are not counted, and stand in the column
`start`. Every round measures each contender once, in an order that changes, in a
process of its own.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.contest import Contender, Contest
from benchmarks.contest_figures import write_contests
from benchmarks.contest_rounds import hold
from benchmarks.contest_table import OURS, format_contest, format_ratios
from benchmarks.figures import format_machine
from rltools.bench import option_types
from rltools.bench.machine import describe_machine
from rltools.bench.progress import progress

TF_AGENTS = "TF-Agents"
WANTED = {
    TF_AGENTS: 6.0,
    "a call per step": 0.0,
    "a loop": 0.0,
    "an eager loop": 0.0,
}
PACKAGES = ("rltools", "tensorflow", "gymnasium", "numpy")
_SECONDS_LIMIT = 300.0


def list_contenders(tf_agents: str) -> list[Contender]:
    """All contenders, installed or not.

    Args:
        tf_agents: The interpreter that has TF-Agents.
    """

    def ours(name: str, library: str, way: str, workers: int | str) -> Contender:
        options: dict[str, Any] = {"way": way, "workers": workers}
        options["compiled"] = way != "eager-loop"
        function = "benchmarks.in_graph_ours:measure"
        return Contender(name, library, sys.executable, function, options)

    return [
        ours("rltools-auto", OURS, "one-call", "auto"),
        ours("rltools-in-process", OURS, "one-call", 0),
        ours("rltools-2-workers", OURS, "one-call", 2),
        ours("rltools-arrays-auto", OURS, "in-arrays", "auto"),
        ours("rltools-arrays-in-process", OURS, "in-arrays", 0),
        ours("call-per-step", "a call per step", "call-per-step", "auto"),
        ours("loop", "a loop", "loop", "auto"),
        ours("eager-loop", "an eager loop", "eager-loop", "auto"),
        *(
            Contender(
                f"tf-agents-{kind}",
                TF_AGENTS,
                tf_agents,
                "benchmarks.in_graph_tf_agents:measure",
                {"kind": kind},
            )
            for kind in ("processes", "threads", "one-thread")
        ),
    ]


def main(arguments: Sequence[str] | None = None) -> None:
    options = _parse(arguments)
    machine = describe_machine(PACKAGES)
    print(format_machine(machine), flush=True)
    contest = _hold(options)
    if options.json:
        write_contests(options.json, machine, [contest])
    print(f"{contest.name}, {options.num_envs} environments, {options.steps} steps")
    figures = {"start": "s"}
    print(*format_contest(contest, parts=["environments"], figures=figures), sep="\n")
    print(*format_ratios(contest, WANTED), sep="\n")


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--env", default="CartPole-v1", help="of discrete actions")
    parser.add_argument("--num-envs", type=option_types.count, default=32)
    parser.add_argument(
        "--steps", type=option_types.count, default=256, help="of each, in a turn"
    )
    parser.add_argument(
        "--turns", type=option_types.count, default=10, help="that count, per round"
    )
    parser.add_argument("--rounds", type=option_types.count, default=5)
    parser.add_argument(
        "--tf-agents",
        default=".venv-tf-agents/bin/python",
        help="Python with TF-Agents",
    )
    names = [one.name for one in list_contenders("python")]
    parser.add_argument("--contenders", nargs="+", choices=names, default=names)
    parser.add_argument("--json", type=Path, help="file for all figures")
    return parser.parse_args(arguments)


def _hold(options: argparse.Namespace) -> Contest:
    task = {
        "env": options.env,
        "num_envs": options.num_envs,
        "steps": options.steps,
        "turns": options.turns,
    }
    contenders = [
        one
        for one in list_contenders(options.tf_agents)
        if one.name in options.contenders
    ]
    with progress() as report:
        return hold(
            options.env,
            contenders,
            task,
            rounds=options.rounds,
            limit=_SECONDS_LIMIT,
            report=report,
        )


if __name__ == "__main__":
    main()
