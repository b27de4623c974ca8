"""Runs that differ only in their seeds, and what sets them apart from others."""

import dataclasses
import json
import statistics
from collections.abc import Iterable, Sequence
from typing import Any

from examples.ppo.config import Config
from examples.ppo.reports.curves import Run

_SEED = "seed"


@dataclasses.dataclass(frozen=True)
class RunGroup:
    """Runs with the same options, apart from the seed.

    Attributes:
        label: The config's name, with those options that set the group apart from
            others with this name.
        runs: The runs, by their seeds.
    """

    label: str
    runs: tuple[Run, ...]

    @property
    def config(self) -> Config:
        """The options, with the seed of the first run."""
        return self.runs[0].config

    @property
    def env(self) -> str:
        """Name of the environment."""
        return self.config.env

    @property
    def counted(self) -> tuple[Run, ...]:
        """The runs that are finished, or all as long as none is."""
        return tuple(run for run in self.runs if run.is_finished) or self.runs

    @property
    def scores(self) -> list[float]:
        """Score of the last evaluation of each run that is finished."""
        scores = [run.final_score for run in self.runs if run.is_finished]
        return [score for score in scores if score is not None]


@dataclasses.dataclass(frozen=True)
class Statistics:
    """Scores of several seeds, summed up.

    Attributes:
        mean: Their mean.
        std: Their standard deviation.
        interquartile_mean: Mean without the lowest and the highest quarter.
        worst: The lowest.
        best: The highest.
    """

    mean: float
    std: float
    interquartile_mean: float
    worst: float
    best: float


def sum_up(scores: Sequence[float]) -> Statistics:
    """Sum up at least one score."""
    ordered = sorted(scores)
    cut = len(ordered) // 4
    return Statistics(
        mean=statistics.mean(ordered),
        std=statistics.pstdev(ordered),
        interquartile_mean=statistics.mean(ordered[cut : len(ordered) - cut]),
        worst=ordered[0],
        best=ordered[-1],
    )


def group_runs(runs: Iterable[Run]) -> list[RunGroup]:
    """Put runs together that have the same name and options, apart from the seed.

    Args:
        runs: The runs.

    Returns:
        The groups, by their environments and names.
    """
    groups: dict[tuple[str, str], list[Run]] = {}
    for run in runs:
        options = {**dataclasses.asdict(run.config), _SEED: None}
        key = (run.config_name, json.dumps(options, sort_keys=True))
        groups.setdefault(key, []).append(run)
    result = []
    for (name, _), members in groups.items():
        namesakes = [
            each[0].config for (other, _), each in groups.items() if other == name
        ]
        parts = [
            f"{option}={format_option(getattr(members[0].config, option))}"
            for option in differing_options(namesakes)
        ]
        label = ", ".join([name, *parts])
        result.append(RunGroup(label, tuple(sorted(members, key=_by_seed))))
    return sorted(result, key=lambda group: (group.env, group.label))


def differing_options(configs: Sequence[Config]) -> list[str]:
    """Names of the options that not all configs agree on, apart from the seed."""
    names = [field.name for field in dataclasses.fields(Config) if field.name != _SEED]
    return [
        name
        for name in names
        if any(getattr(config, name) != getattr(configs[0], name) for config in configs)
    ]


def format_option(value: Any) -> str:
    """The value of an option as `--set` takes it."""
    if isinstance(value, str):
        return value
    return json.dumps(value)


def _by_seed(run: Run) -> tuple[int, str]:
    return run.config.seed, run.timestamp
