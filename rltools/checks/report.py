"""What checks found: a result for each, and the report of them all."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from rltools.errors import CheckFailedError, MissingKeyError

Outcome = Literal["passed", "failed", "skipped"]
_SHOWN = 3  # Violations of one check that a report spells out.


@dataclass(frozen=True)
class Result:
    """What became of one check.

    Attributes:
        name: The check's stable short name, such as `"T2"`.
        title: What holds where it passes.
        outcome: `"passed"`, `"failed"`, or `"skipped"` where it could not be exercised.
        violations: Of a failed check, every violation on lines of its own: where, what
            was expected and what was found.
        note: Why it was skipped, or a hint that comes with a pass; may be empty.
    """

    name: str
    title: str
    outcome: Outcome
    violations: tuple[str, ...] = ()
    note: str = ""

    @property
    def reason(self) -> str:
        """Why it failed or was skipped: the first violations, or the note."""
        shown = self.violations[:_SHOWN]
        rest = len(self.violations) - len(shown)
        more = [f"... and {rest} more of the kind"] if rest else []
        return "\n".join([*shown, *more, *([self.note] if self.note else [])])


class Report:
    """The results of all checks of something, in their order.

    Args:
        subject: What was checked, as a reader knows it.
        results: One result for each check.
    """

    def __init__(self, subject: str, results: Sequence[Result]) -> None:
        self.subject = subject
        self.results = tuple(results)

    @property
    def passed(self) -> list[Result]:
        """The checks that hold."""
        return self._select("passed")

    @property
    def failed(self) -> list[Result]:
        """The checks that found something wrong."""
        return self._select("failed")

    @property
    def skipped(self) -> list[Result]:
        """The checks that could not be exercised, with the reason."""
        return self._select("skipped")

    def raise_on_failure(self) -> "Report":
        """Raise an error that tells all violations, if there are any.

        Returns:
            The report itself.

        Raises:
            CheckFailedError: A check failed. It is an `AssertionError`, too.
        """
        if self.failed:
            raise CheckFailedError(
                f"{self.subject} fails {len(self.failed)} of {len(self.results)} "
                "checks:\n" + "\n".join(_tell(result) for result in self.failed),
                failed=[result.name for result in self.failed],
            )
        return self

    def as_dict(self) -> dict[str, Any]:
        """The report as what JSON can hold."""
        results = [asdict(result) for result in self.results]
        return {
            "subject": self.subject,
            "passed": len(self.passed),
            "failed": len(self.failed),
            "skipped": len(self.skipped),
            "results": results,
        }

    def _select(self, outcome: Outcome) -> list[Result]:
        return [result for result in self.results if result.outcome == outcome]

    def __getitem__(self, name: str) -> Result:
        for result in self.results:
            if result.name == name:
                return result
        names = ", ".join(result.name for result in self.results)
        raise MissingKeyError(f"No check is named {name!r}; there are: {names}.")

    def __iter__(self) -> Iterator[Result]:
        return iter(self.results)

    def __len__(self) -> int:
        return len(self.results)

    def __str__(self) -> str:
        summary = (
            f"{self.subject}: {len(self.passed)} passed, {len(self.failed)} failed, "
            f"{len(self.skipped)} skipped"
        )
        return "\n".join([summary, *map(_tell, [*self.failed, *self.skipped])])

    def __repr__(self) -> str:
        return f"<Report {str(self).splitlines()[0]}>"


def _tell(result: Result) -> str:
    reason = result.reason.replace("\n", "\n    ")
    return f"  {result.name} {result.outcome}: {result.title}\n    {reason}"
