"""Outcomes of training runs: written to a file, and summed up in a table."""

import dataclasses
import json
import os
import pathlib
import statistics
from collections.abc import Sequence
from typing import Any

from benchmarks.ppo_references import Reference, find_reference

RESULTS_FILE = "results.json"
TABLE_FILE = "results.md"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of one run.

    Attributes:
        config: Name of its config.
        seed: Its seed.
        exit_code: Exit code of the command; 0 means that the run is finished.
        seconds: From the start of the command to its end.
        first_output: Seconds from the start of the command to its first line.
        last_lines: The last lines of what a failed command said.
        folder: Name of its folder in the logdir, or None if it was never made.
        env: Name of the environment.
        steps: Training steps.
        score: Mean score of the last evaluation, of the deterministic policy.
        std: Standard deviation of the scores of its episodes.
        curves: Steps and scores in training and of evaluations.
    """

    config: str
    seed: int
    exit_code: int
    seconds: float
    first_output: float
    last_lines: tuple[str, ...] = ()
    folder: str | None = None
    env: str | None = None
    steps: int = 0
    score: float | None = None
    std: float | None = None
    curves: dict[str, dict[str, list[float]]] = dataclasses.field(default_factory=dict)

    @property
    def is_finished(self) -> bool:
        """Whether there is a result."""
        return self.exit_code == 0

    @property
    def steps_per_second(self) -> float:
        """Training steps per second, with all that the command does beside them."""
        return self.steps / self.seconds if self.seconds else 0.0


def write_results(
    folder: pathlib.Path,
    outcomes: Sequence[Outcome],
    *,
    arguments: Sequence[str],
    machine: dict[str, Any],
) -> None:
    """Write all outcomes and the table, each as a whole or not at all."""
    runs = [
        {**dataclasses.asdict(each), "steps_per_second": each.steps_per_second}
        for each in outcomes
    ]
    values = {"arguments": list(arguments), "machine": machine, "runs": runs}
    _write(folder / RESULTS_FILE, json.dumps(values, indent=1) + "\n")
    _write(folder / TABLE_FILE, format_table(outcomes) + "\n")


def read_results(folder: pathlib.Path) -> tuple[list[Outcome], list[str]]:
    """Read the outcomes and the arguments that all of the commands had in common."""
    values = json.loads((folder / RESULTS_FILE).read_text(encoding="utf-8"))
    outcomes = []
    for run in values["runs"]:
        run.pop("steps_per_second")
        run["last_lines"] = tuple(run["last_lines"])
        outcomes.append(Outcome(**run))
    return outcomes, values["arguments"]


def interquartile_mean(values: Sequence[float]) -> float:
    """Mean without the lowest and the highest quarter of the values."""
    cut = len(values) // 4
    return statistics.mean(sorted(values)[cut : len(values) - cut])


def reference_of(outcomes: Sequence[Outcome]) -> Reference | None:
    """What to compare the outcomes of one config with."""
    finished = [each for each in outcomes if each.is_finished]
    if not finished or finished[0].env is None:
        return None
    return find_reference(finished[0].env, finished[0].steps)


def format_table(outcomes: Sequence[Outcome]) -> str:
    """The Markdown table of all outcomes, with a row for each config."""
    header = (
        "config | environment | steps | seeds | mean | std | interquartile mean | "
        "worst | steps/s | published | by | verdict"
    )
    rows = [f"| {header} |", "|---|---|" + "--:|" * 8 + "---|---|"]
    for config in dict.fromkeys(each.config for each in outcomes):
        chosen = [each for each in outcomes if each.config == config]
        rows.append(f"| {' | '.join(_cells(config, chosen))} |")
    notes = (
        "Score of a seed: mean over the episodes of the evaluation at the end of the "
        "run, with the deterministic policy and normalisers that don't change. Mean, "
        "standard deviation, interquartile mean and worst are over seeds; steps/s is "
        "the median, with everything that the command does from its start to its end."
    )
    return "\n".join([*rows, "", notes, *_failures(outcomes)])


def _cells(config: str, outcomes: Sequence[Outcome]) -> list[str]:
    finished = [each for each in outcomes if each.is_finished]
    failed = len(outcomes) - len(finished)
    seeds = str(len(finished)) + (f" ({failed} failed)" if failed else "")
    if not finished:
        return [config, "", "", seeds, *[""] * 7, "**failed**"]
    scores = [each.score for each in finished if each.score is not None]
    mean = statistics.mean(scores)
    rate = statistics.median(each.steps_per_second for each in finished)
    reference = reference_of(finished)
    return [
        config,
        str(finished[0].env),
        f"{finished[0].steps:,}",
        seeds,
        *(
            format_score(value, like=mean)
            for value in (
                mean,
                statistics.pstdev(scores),
                interquartile_mean(scores),
                min(scores),
            )
        ),
        f"{rate:,.0f}",
        format_score(reference.score, like=mean) if reference else "",
        f"{reference} ({reference.measure})" if reference else "",
        _verdict(mean, reference),
    ]


def _verdict(mean: float, reference: Reference | None) -> str:
    if reference is None:
        return "nothing published"
    if mean >= reference.score:
        return "reached"
    return f"**BELOW by {format_score(reference.score - mean, like=mean)}**"


def format_score(score: float, *, like: float | None = None) -> str:
    """A score with as many digits as tell something, or as many as another has."""
    size = abs(score if like is None else like)
    digits = 0 if size >= 1000 else 1 if size >= 100 else 2
    return f"{score:,.{digits}f}"


def _failures(outcomes: Sequence[Outcome]) -> list[str]:
    lines = []
    for each in outcomes:
        if not each.is_finished:
            lines += [
                "",
                f"{each.config} with seed {each.seed} failed "
                f"(exit code {each.exit_code}):",
                "",
                *(f"    {line}" for line in each.last_lines),
            ]
    return lines


def _write(path: pathlib.Path, text: str) -> None:
    aside = path.with_name(path.name + ".new")
    aside.write_text(text, encoding="utf-8")
    os.replace(aside, path)
