"""What a call of several environments came to, beside what is in their columns."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Report:
    """Infos and failures, each by the row of its environment.

    Attributes:
        infos: The infos that are not empty.
        failures: What the environments raised.
        violations: What is wrong with what they returned.
    """

    infos: dict[int, dict[str, Any]] = field(default_factory=dict)
    failures: dict[int, BaseException] = field(default_factory=dict)
    violations: dict[int, Exception] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Whether there is something to tell."""
        return bool(self.infos or self.failures or self.violations)

    def add(self, part: "Report", *, first: int) -> None:
        """Take in the report of some neighbours, whose first row is `first` here."""
        self.infos |= {first + row: info for row, info in part.infos.items()}
        self.failures |= {first + row: e for row, e in part.failures.items()}
        self.violations |= {first + row: e for row, e in part.violations.items()}
