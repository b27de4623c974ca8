"""Whole libraries side by side: their figures, and what follows from them."""

import statistics
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Contender:
    """A library with one of its settings.

    Attributes:
        name: What tables call it.
        library: Whose it is. Libraries are compared by the fastest of their settings.
        python: The interpreter that has it.
        function: `module:name` of what measures it; it returns a `Result` as JSON.
        options: Arguments of that function, beside those that all contenders have.
    """

    name: str
    library: str
    python: str
    function: str
    options: Mapping[str, Any]


@dataclass(frozen=True)
class Result:
    """What one process has measured of one contender.

    Attributes:
        steps: Steps of single environments in each turn.
        seconds: How long each of the turns took.
        parts: How long parts of each turn took, by their names; only what can be told.
        figures: Other figures, by their names.
        note: What else is to be known.
    """

    steps: int
    seconds: list[float]
    parts: dict[str, list[float]] = field(default_factory=dict)
    figures: dict[str, float] = field(default_factory=dict)
    note: str = ""

    @property
    def rate(self) -> float:
        """Steps per second in a turn that is neither fast nor slow."""
        return self.steps / statistics.median(self.seconds)


@dataclass(frozen=True)
class Row:
    """What is known of one contender.

    Attributes:
        contender: Its name.
        library: Whose it is.
        results: One for each round that it finished.
        problem: Why there are no more, or None.
    """

    contender: str
    library: str
    results: tuple[Result, ...] = ()
    problem: str | None = None

    @property
    def rates(self) -> list[float]:
        """Steps per second of all rounds, from the slowest to the fastest."""
        return sorted(one.rate for one in self.results)

    @property
    def median(self) -> float | None:
        """Median steps per second; None without any result."""
        return statistics.median(self.rates) if self.results else None

    def part(self, name: str) -> float | None:
        """Median seconds that a part of a turn took; None where nobody can tell."""
        found = [
            statistics.median(one.parts[name])
            for one in self.results
            if one.parts.get(name)
        ]
        return statistics.median(found) if found else None

    def figure(self, name: str) -> float | None:
        """Median of a figure over the rounds; None where there is none."""
        found = [one.figures[name] for one in self.results if name in one.figures]
        return statistics.median(found) if found else None

    @property
    def notes(self) -> list[str]:
        """All different notes, and the problem."""
        notes = [one.note for one in self.results if one.note]
        if self.problem is not None:
            notes.append(f"then {self.problem}" if self.results else self.problem)
        return list(dict.fromkeys(notes))


@dataclass(frozen=True)
class Contest:
    """Contenders that were measured side by side.

    Attributes:
        name: What was done.
        task: What all contenders were told.
        rows: One for each contender.
    """

    name: str
    task: dict[str, Any]
    rows: tuple[Row, ...]

    def __getitem__(self, contender: str) -> Row:
        """The row of a contender.

        Raises:
            KeyError: It didn't take part.
        """
        return {row.contender: row for row in self.rows}[contender]

    def best(self, library: str) -> Row | None:
        """The fastest setting of a library; None if none has a result."""
        rows = [row for row in self.rows if row.library == library and row.results]
        return max(rows, key=lambda row: row.median or 0.0, default=None)

    def ratio(self, library: str, other: str) -> float | None:
        """How many times as fast one library is as another, each at its best.

        Returns:
            The ratio of the medians, or None if one of them has no result.
        """
        ours, theirs = self.best(library), self.best(other)
        if ours is None or theirs is None or ours.median is None or not theirs.median:
            return None
        return ours.median / theirs.median

    def to_json(self) -> dict[str, Any]:
        """All figures as JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "Contest":
        """What `to_json` made values of."""
        rows = tuple(
            Row(
                row["contender"],
                row["library"],
                tuple(Result(**one) for one in row["results"]),
                row["problem"],
            )
            for row in values["rows"]
        )
        return cls(values["name"], values["task"], rows)
