"""Speed of PPO: `examples/ppo` beside Stable-Baselines3 and SBX, in one run.

    python -m benchmarks.ppo_speed --others .venv-interop/bin/python

All train the same networks on the same environments with the same numbers: 8
environments, 256 steps of each in a rollout, minibatches of 64, 10 epochs, separate
policy and value networks of two layers of 64 with tanh, observations and rewards
normalised. A turn is one rollout and the update on it. Compiling and the first turn
are not counted, and stand in the column `start`, from the start of the process to the
end of the first update.

Every round measures each contender once, in an order that changes, in a process of its
own. A library is as fast as the fastest of its settings.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gymnasium as gym

from benchmarks.contest import Contender, Contest
from benchmarks.contest_figures import write_contests
from benchmarks.contest_rounds import hold
from benchmarks.contest_table import OURS, format_contest, format_ratios
from benchmarks.figures import format_machine
from rltools.bench import option_types
from rltools.bench.machine import describe_machine
from rltools.bench.progress import progress

STABLE_BASELINES, SBX = "Stable-Baselines3", "SBX"
WANTED = {STABLE_BASELINES: 5.0, SBX: 3.0}
PARTS = ("rollout", "environments", "update")
FIGURES = {"evaluation": "steps/s", "start": "s"}
PACKAGES = ("rltools", "tensorflow", "gymnasium", "mujoco", "numpy")
_SECONDS_LIMIT = 600.0


def list_contenders(env: str, others: str) -> list[Contender]:
    """All contenders for an environment, installed or not.

    Args:
        env: Its name. What computes little is not worth a process of Stable-Baselines3
            for each of them, and gets none.
        others: The interpreter that has the other libraries.
    """
    ours = "benchmarks.ppo_ours:measure"
    theirs = "benchmarks.ppo_stable_baselines:measure"
    settings: dict[str, dict[str, Any]] = {
        "auto": {},
        "in-process": {"workers": 0},
        "2-workers": {"workers": 2},
        "in-graph": {"acting": "graph"},
    }
    default = {"workers": "auto", "acting": "auto"}
    contenders = [
        Contender(f"rltools-{name}", OURS, sys.executable, ours, default | changes)
        for name, changes in settings.items()
    ]
    vector_envs = {"dummy": False, "subproc": True}
    if "classic_control" in str(gym.spec(env).entry_point):
        del vector_envs["subproc"]
    for name, library, package in (
        ("sb3", STABLE_BASELINES, "stable_baselines3"),
        ("sbx", SBX, "sbx"),
    ):
        for kind, processes in vector_envs.items():
            # PyTorch's default is a thread for each core. Small networks may be faster
            # with one, and are much faster beside other processes.
            for threads in (None, 1):
                options = {"package": package, "processes": processes}
                suffix = "" if threads is None else "-1-thread"
                contenders.append(
                    Contender(
                        f"{name}-{kind}{suffix}",
                        library,
                        others,
                        theirs,
                        options | {"threads": threads},
                    )
                )
    return contenders


def main(arguments: Sequence[str] | None = None) -> None:
    options = _parse(arguments)
    machine = describe_machine(PACKAGES)
    print(format_machine(machine), flush=True)
    contests = []
    for env in options.envs:
        contests.append(_hold(env, options))
        if options.json:  # Again after each: a long run may be interrupted.
            write_contests(options.json, machine, contests)
        print(*_describe(contests[-1]), "", sep="\n", flush=True)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--envs", nargs="+", default=["HalfCheetah-v5", "CartPole-v1"])
    parser.add_argument("--rounds", type=option_types.count, default=5)
    parser.add_argument(
        "--updates", type=option_types.count, default=5, help="that count, per round"
    )
    parser.add_argument(
        "--warm-up", type=option_types.count, default=2, help="updates before those"
    )
    parser.add_argument(
        "--others",
        default=".venv-interop/bin/python",
        help="Python with Stable-Baselines3 and SBX",
    )
    parser.add_argument("--contenders", nargs="+", help="only those of these names")
    parser.add_argument("--json", type=Path, help="file for all figures")
    options = parser.parse_args(arguments)
    for env in options.envs:
        try:
            names = [one.name for one in list_contenders(env, options.others)]
        except gym.error.Error as error:
            parser.error(str(error))
        if unknown := set(options.contenders or ()) - set(names):
            parser.error(
                f"no contenders {', '.join(sorted(unknown))} for {env}; "
                f"there are {', '.join(names)}"
            )
    return options


def _hold(env: str, options: argparse.Namespace) -> Contest:
    task = {
        "env": env,
        "num_envs": 8,
        "length": 256,
        "batch_size": 64,
        "epochs": 10,
        "learning_rate": 3e-4,
        "warm_up": options.warm_up,
        "updates": options.updates,
    }
    contenders = [
        one
        for one in list_contenders(env, options.others)
        if not options.contenders or one.name in options.contenders
    ]
    with progress() as report:
        return hold(
            env,
            contenders,
            task,
            rounds=options.rounds,
            limit=_SECONDS_LIMIT,
            report=report,
        )


def _describe(contest: Contest) -> list[str]:
    task = contest.task
    return [
        f"{contest.name}, {task['num_envs']} environments x {task['length']} steps",
        *format_contest(contest, parts=PARTS, figures=FIGURES),
        *format_ratios(contest, WANTED),
    ]


if __name__ == "__main__":
    main()
