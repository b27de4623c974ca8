"""What `rltools bench` does."""

import json
from dataclasses import asdict

from rltools.bench.apart import run_apart
from rltools.bench.contender import Contender, Task
from rltools.bench.contenders import list_contenders
from rltools.bench.machine import describe_machine
from rltools.bench.probe import Probe, probe
from rltools.bench.progress import progress
from rltools.bench.recommendation import recommend
from rltools.bench.rounds import compare
from rltools.bench.table import print_comparison
from rltools.bench.vector_envs import Launched
from rltools.errors import InvalidArgumentError

_SECONDS_TO_PROBE = 60.0
_PACKAGES = ("rltools", "gymnasium", "numpy")


def bench(
    target: str, *, num_envs: int, seconds: float, rounds: int, as_json: bool
) -> None:
    """Measure an environment under all settings, and print which one to use.

    Args:
        target: Names the environment, as `rltools.bench.target` takes it.
        num_envs: How many environments.
        seconds: How long each measurement takes.
        rounds: How often each setting is measured.
        as_json: Whether to print JSON, for machines.

    Raises:
        InvalidArgumentError: The environment can't be made or stepped.
    """
    with progress() as report:
        report(f"{target}: first look")
        looked = look_at(target, num_envs)
        contenders = distinct(list_contenders(num_envs))
        task = Task(target, num_envs, looked.actions, seconds)
        comparison = compare(target, contenders, task, rounds=rounds, report=report)
    advice = recommend(comparison, contenders, target)
    if as_json:
        facts = describe_machine(_PACKAGES)
        values = {"machine": facts, "step_seconds": looked.step_seconds}
        values |= {"comparison": comparison.to_json(), "advice": asdict(advice)}
        print(json.dumps(values, indent=2))
        return
    print(f"One step takes {1e6 * looked.step_seconds:,.1f} us in a plain loop.")
    print(f"Observations: {looked.observation_space}. Actions: {looked.action_space}.")
    print()
    print_comparison(comparison)
    print(advice.sentence)


def look_at(target: str, num_envs: int) -> Probe:
    """Try an environment in a process of its own.

    Raises:
        InvalidArgumentError: It can't be made or stepped.
    """
    outcome = run_apart(probe, target, num_envs, seconds=_SECONDS_TO_PROBE)
    if outcome.problem is not None:
        problem = outcome.problem
        if target.partition(":")[0] not in problem:
            problem = f"{target}: {problem}"
        raise InvalidArgumentError(problem)
    return outcome.value


def distinct(contenders: list[Contender]) -> list[Contender]:
    """All contenders but those whose setting an earlier one has already."""
    settings = [one.workers if isinstance(one, Launched) else one for one in contenders]
    return [
        one
        for index, one in enumerate(contenders)
        if settings[index] not in settings[:index]
    ]
