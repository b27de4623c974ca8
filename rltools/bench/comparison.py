"""The figures of a comparison, what follows from them, and their form as JSON."""

import statistics
from dataclasses import asdict, dataclass
from typing import Any

from rltools.bench.measurement import Measurement


@dataclass(frozen=True)
class Row:
    """What is known of one contender.

    Attributes:
        contender: Its name.
        measurements: One for each round that it finished.
        problem: Why there are no more, or None.
    """

    contender: str
    measurements: tuple[Measurement, ...] = ()
    problem: str | None = None

    @property
    def rates(self) -> list[float]:
        """Steps per second of all rounds, from the slowest to the fastest."""
        return sorted(one.steps_per_second for one in self.measurements)

    @property
    def median(self) -> float | None:
        """Median steps per second; None without any measurement."""
        return statistics.median(self.rates) if self.measurements else None

    @property
    def start_seconds(self) -> float | None:
        """Median time to start; None without any measurement."""
        times = [one.start_seconds for one in self.measurements]
        return statistics.median(times) if times else None

    @property
    def notes(self) -> list[str]:
        """All different notes of its measurements, in the order of their rounds."""
        return list(dict.fromkeys(one.note for one in self.measurements if one.note))


@dataclass(frozen=True)
class Comparison:
    """Contenders that were measured side by side.

    Attributes:
        workload: What the environments are called.
        num_envs: How many environments each contender stepped.
        seconds: How long each measurement was meant to take.
        rows: One for each contender.
    """

    workload: str
    num_envs: int
    seconds: float
    rows: tuple[Row, ...]

    def __getitem__(self, contender: str) -> Row:
        """The row of a contender; one without measurements if it didn't take part."""
        found = (row for row in self.rows if row.contender == contender)
        return next(found, Row(contender))

    def ratio(self, contender: str, reference: str) -> float | None:
        """How many times as fast one contender is as another, by their medians.

        Returns:
            The ratio, or None if one of them has no measurement.
        """
        ours, theirs = self[contender].median, self[reference].median
        return None if ours is None or theirs is None else ours / theirs

    def to_json(self) -> dict[str, Any]:
        """All figures as JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "Comparison":
        """What `to_json` made values of."""
        rows = tuple(
            Row(
                row["contender"],
                tuple(Measurement(**one) for one in row["measurements"]),
                row["problem"],
            )
            for row in values["rows"]
        )
        return cls(values["workload"], values["num_envs"], values["seconds"], rows)
