"""What is in a recording, for people and for machines."""

import json
import math
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rltools.mocks.recording.recording import Episode, Recording, load

_MAX_SEEDS = 8


@dataclass(frozen=True)
class EpisodeSummary:
    """An episode in short.

    Attributes:
        seed: Seed of its reset; as text if it is not an integer.
        steps: How many steps it has.
        reward: Sum of its rewards; None if they are not numbers, as text if the sum is
            not finite.
        terminated: Whether its last step terminated it.
        truncated: Whether its last step truncated it.
    """

    seed: int | str | None
    steps: int
    reward: float | str | None
    terminated: bool
    truncated: bool


@dataclass(frozen=True)
class Summary:
    """A recording in short.

    Attributes:
        path: The file.
        bytes: Its size.
        environment: Name of the environment.
        observation_space: Its observations, as text.
        action_space: Its actions, as text.
        steps: How many steps there are in all episodes.
        episodes: All episodes in their order.
    """

    path: str
    bytes: int
    environment: str
    observation_space: str
    action_space: str
    steps: int
    episodes: list[EpisodeSummary]

    @classmethod
    def of(cls, path: str | os.PathLike[str]) -> "Summary":
        """Summarise a file.

        Raises:
            RecordingError: It can't be read.
        """
        recording = load(path)
        description = recording.description
        episodes = [_summarise(recording, each) for each in recording.episodes]
        return cls(
            path=os.fspath(path),
            bytes=Path(path).stat().st_size,
            environment=description.name,
            observation_space=" ".join(str(description.observation_space).split()),
            action_space=" ".join(str(description.action_space).split()),
            steps=sum(episode.steps for episode in episodes),
            episodes=episodes,
        )

    def as_json(self) -> str:
        """All of it as JSON."""
        return json.dumps(asdict(self), indent=2)

    def as_text(self) -> str:
        """The gist of it as a table."""
        lengths = [episode.steps for episode in self.episodes]
        seeds = [str(episode.seed) for episode in self.episodes]
        shown = ", ".join(seeds[:_MAX_SEEDS] + ["..."] * (len(seeds) > _MAX_SEEDS))
        rows = {
            "file": f"{self.path} ({self.bytes:,} bytes)",
            "environment": self.environment,
            "observations": self.observation_space,
            "actions": self.action_space,
            "episodes": f"{len(seeds):,} (seeds: {shown})",
            "steps": f"{self.steps:,} ({_show_range(lengths)} in an episode)",
            "returns": _show_range([episode.reward for episode in self.episodes]),
        }
        width = max(map(len, rows))
        return "\n".join(f"{name:{width}}  {text}" for name, text in rows.items())


def _summarise(recording: Recording, episode: Episode) -> EpisodeSummary:
    seed = episode.seed
    results = [recording.step_result(episode, step) for step in range(episode.steps)]
    return EpisodeSummary(
        seed=seed if seed is None or type(seed) is int else str(seed),
        steps=episode.steps,
        reward=_add([result[1] for result in results]),
        terminated=bool(results and results[-1][2]),
        truncated=bool(results and results[-1][3]),
    )


def _add(rewards: list[Any]) -> float | str | None:
    try:
        total = math.fsum(rewards)
    except (TypeError, ValueError, OverflowError):
        return None
    return total if math.isfinite(total) else str(total)


def _show_range(values: list[Any]) -> str:
    numbers = [value for value in values if isinstance(value, int | float)]
    if not numbers or len(numbers) < len(values):
        return "unknown"
    low, high = min(numbers), max(numbers)
    return f"{low:,.6g}" if low == high else f"{low:,.6g} to {high:,.6g}"
