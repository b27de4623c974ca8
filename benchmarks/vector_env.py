"""Steps per second of vector environments, side by side in one run.

    python -m benchmarks.vector_env --workloads null cartpole --envs 8 32

Every round measures each contender once, in an order that changes from round to round,
in a process of its own that ends with the measurement. All are stepped with the same
actions for the same time after a warm-up of a quarter of it; starting is not counted.
Shown are the medians over the rounds; the JSON has every figure.

The contender `limit` is a process for each core that steps its share of environments
and talks to nobody: what the machine could do at best. `plain-loop` and `limit` are
given the actions of single environments, and keep nothing of what is returned.
"""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.chart import draw
from benchmarks.figures import format_machine, write_figures
from benchmarks.vector_contenders import PACKAGES, list_all_contenders
from benchmarks.vector_workloads import WORKLOADS
from rltools.bench import option_types
from rltools.bench.command import look_at
from rltools.bench.comparison import Comparison
from rltools.bench.contender import Task
from rltools.bench.machine import describe_machine
from rltools.bench.progress import progress
from rltools.bench.rounds import compare
from rltools.bench.table import print_comparison
from rltools.extras import require


def main(arguments: Sequence[str] | None = None) -> None:
    options = _parse(arguments)
    if options.chart:
        require("matplotlib", extra="bench")  # Fail before the work, not after it.
    machine = describe_machine(PACKAGES)
    print(format_machine(machine), flush=True)
    comparisons = []
    for comparison in _compare_all(options):
        comparisons.append(comparison)
        if options.json:  # Again after each: a long run may be interrupted.
            write_figures(options.json, machine, comparisons)
        print_comparison(comparison)
    if options.chart:
        draw(comparisons, options.chart, subtitle=format_machine(machine))


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    names = [one.name for one in list_all_contenders(num_envs=1)]
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument(
        "--workloads", nargs="+", choices=WORKLOADS, default=list(WORKLOADS)
    )
    parser.add_argument("--envs", nargs="+", type=option_types.count, default=[8, 32])
    parser.add_argument("--rounds", type=option_types.count, default=5)
    parser.add_argument(
        "--seconds", type=option_types.seconds, default=0.5, help="per measurement"
    )
    parser.add_argument("--contenders", nargs="+", choices=names, default=names)
    parser.add_argument("--json", type=Path, help="file for all figures")
    parser.add_argument("--chart", type=Path, help="picture of the medians")
    return parser.parse_args(arguments)


def _compare_all(options: argparse.Namespace) -> Iterator[Comparison]:
    for workload in options.workloads:
        for num_envs in options.envs:
            contenders = [
                one
                for one in list_all_contenders(num_envs)
                if one.name in options.contenders
            ]
            target = WORKLOADS[workload]
            with progress() as report:
                report(f"{workload}: first look")
                actions = look_at(target, num_envs).actions
                task = Task(target, num_envs, actions, options.seconds)
                comparison = compare(
                    workload, contenders, task, rounds=options.rounds, report=report
                )
            yield comparison


if __name__ == "__main__":
    main()
