"""Does PPO learn: final deterministic evaluations of configs and seeds.

    python -m benchmarks.ppo_learning --configs pendulum cartpole --seeds 0 1 2 3 4
    python -m benchmarks.ppo_learning --continue --logdir=logs/learning

Every run is one of the command that users type, with everything that belongs to it;
arguments that are not known here are passed on, such as --set=steps=2048. What is in
the logdir is complete after every run: `results.json`, `results.md` and a picture of
the learning curves of each config.
"""

import argparse
import datetime
import pathlib
import signal
import sys
from collections.abc import Iterator, Sequence

from benchmarks import ppo_runs
from benchmarks.ppo_results import (
    RESULTS_FILE,
    Outcome,
    format_score,
    format_table,
    read_results,
    reference_of,
    write_results,
)
from benchmarks.ppo_runs import Job, run_here
from benchmarks.ppo_runs_on_ray import run_on_ray
from examples.ppo.commands import command_line
from examples.ppo.configs import CONFIGS
from examples.ppo.reports.curves import Curve
from examples.ppo.reports.learning_curve import draw
from rltools.bench import option_types
from rltools.bench.machine import count_cores, describe_machine
from rltools.errors import ConfigError, RLToolsError
from rltools.extras import require

_PACKAGES = ("gymnasium", "mujoco", "numpy", "tensorflow")
_IN_THIS_PROCESS = "--noenv_processes"


def parse_arguments(
    arguments: Sequence[str] | None,
) -> tuple[argparse.Namespace, list[str]]:
    """Read the command line; returns the options and what to pass on.

    Raises:
        ConfigError: The training command does not know an argument that is passed on.
    """
    parser = argparse.ArgumentParser(
        description=__doc__.split("\n")[0], allow_abbrev=False
    )
    parser.add_argument(
        *("--configs", "--config"), nargs="+", default=["pendulum"], choices=CONFIGS
    )
    parser.add_argument("--seeds", type=option_types.seed, nargs="+", default=[0, 1, 2])
    parser.add_argument(
        "--jobs",
        type=option_types.count,
        help="runs at the same time, as many as cores by default",
    )
    parser.add_argument(
        "--logdir",
        type=pathlib.Path,
        help="where results go; a new folder in logs/ by default",
    )
    parser.add_argument(
        "--continue",
        action="store_true",
        dest="goes_on",
        help="make the runs that the results in the logdir lack",
    )
    parser.add_argument(
        "--cluster", choices=["ray"], help="spread the runs over a cluster"
    )
    options, rest = parser.parse_known_args(arguments)
    if options.goes_on and options.logdir is None:
        parser.error("--continue needs the --logdir to go on in")
    if options.cluster and options.jobs:
        parser.error("--jobs is for this machine; a cluster runs what it has room for")
    if options.jobs is None:
        options.jobs = count_cores()
    known = command_line.parse_arguments(["--logdir=.", "--config=any", *rest])
    if known.seed is not None or known.timestamp is not None:
        parser.error("--seed and --timestamp are not for all runs; see --seeds")
    if options.logdir is None:
        now = datetime.datetime.now()
        options.logdir = pathlib.Path("logs", f"learning-{now:%Y%m%dT%H%M%S}")
    # Every run has a core to itself, or about so: workers would only get in the way.
    alone = options.jobs == 1 and not options.cluster
    if not alone and _IN_THIS_PROCESS not in rest and "--env_processes" not in rest:
        rest.append(_IN_THIS_PROCESS)
    return options, rest


def pending_jobs(
    options: argparse.Namespace, rest: Sequence[str], outcomes: Sequence[Outcome]
) -> list[Job]:
    """The runs that are to be made, the first seed of all configs first."""
    done = {(each.config, each.seed) for each in outcomes}
    logdir = str(options.logdir.resolve())
    return [
        Job(config, seed, logdir, tuple(rest), ppo_runs.COMMAND)
        for seed in dict.fromkeys(options.seeds)
        for config in dict.fromkeys(options.configs)
        if (config, seed) not in done
    ]


def open_logdir(
    logdir: pathlib.Path, rest: Sequence[str], goes_on: bool
) -> list[Outcome]:
    """Make the logdir, or read the finished runs that are in it.

    Raises:
        ConfigError: It can't be made, or holds results that are not to be gone on with
            or of runs with other arguments.
    """
    try:
        logdir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"Can't write to the logdir {str(logdir)!r}: {error.strerror}."
        ) from error
    if not (logdir / RESULTS_FILE).exists():
        return []
    if not goes_on:
        raise ConfigError(
            f"{logdir / RESULTS_FILE} exists: add --continue or choose another logdir."
        )
    outcomes, arguments = read_results(logdir)
    if arguments != list(rest):
        raise ConfigError(
            f"Expected the arguments that the runs in {logdir} were made with, "
            f"{arguments}, got {list(rest)}."
        )
    return [each for each in outcomes if each.is_finished]


def report(outcome: Outcome) -> None:
    """Print a line about a run that has ended, or several if it failed."""
    who = f"{outcome.config:<18} seed {outcome.seed:<4}"
    if outcome.score is not None:
        spread = ""
        if outcome.std is not None:
            spread = f" +- {format_score(outcome.std, like=outcome.score)}"
        print(
            f"{who} {format_score(outcome.score):>8}{spread:<11} "
            f"{outcome.seconds:8.1f} s, {outcome.steps_per_second:,.0f} steps/s",
            flush=True,
        )
    else:
        print(f"{who} failed with exit code {outcome.exit_code}:")
        print(
            "".join(f"    {line}\n" for line in outcome.last_lines), end="", flush=True
        )


def draw_curves(config: str, outcomes: Sequence[Outcome], path: pathlib.Path) -> None:
    """Draw the curves of all finished runs of a config."""
    finished = [each for each in outcomes if each.config == config and each.is_finished]
    if not finished:
        return

    def curves(phase: str) -> list[Curve]:
        pairs = [each.curves[phase] for each in finished]
        return [Curve(pair["steps"], pair["scores"]) for pair in pairs]

    reference = reference_of(finished)
    draw(
        path,
        f"{config} ({finished[0].env})",
        evaluations=curves("eval"),
        trainings=curves("train"),
        reference=reference and (reference.score, str(reference)),
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the runs; returns 0, 1 if one of them failed, or 2 after an error."""
    try:
        options, rest = parse_arguments(arguments)
        require("matplotlib", extra="bench")  # Rather than after the first run.
        outcomes = open_logdir(options.logdir, rest, options.goes_on)
        machine = describe_machine(_PACKAGES)
        jobs = pending_jobs(options, rest, outcomes)
        where = "on a cluster" if options.cluster else f"{options.jobs} at a time"
        print(f"{len(jobs)} runs, {where}, in {options.logdir}", flush=True)
        for outcome in _run(jobs, options):
            outcomes.append(outcome)
            report(outcome)
            outcomes.sort(key=lambda each: (each.config, each.seed))
            write_results(options.logdir, outcomes, arguments=rest, machine=machine)
            picture = options.logdir / f"{outcome.config}.png"
            draw_curves(outcome.config, outcomes, picture)
    except (RLToolsError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(
            f"\nInterrupted. Add --continue --logdir={options.logdir} to make the runs "
            "that are left.",
            file=sys.stderr,
        )
        return 130
    print(f"\n{format_table(outcomes)}\n\nResults are in {options.logdir}")
    return int(any(not each.is_finished for each in outcomes))


def _run(jobs: Sequence[Job], options: argparse.Namespace) -> Iterator[Outcome]:
    if options.cluster:
        return run_on_ray(jobs)
    return run_here(jobs, side_by_side=options.jobs)


if __name__ == "__main__":
    # Whatever ends this process ends the runs, too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(main())
