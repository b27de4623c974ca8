"""A check: a law with a stable name, and what runs a list of them."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from rltools.checks.report import Outcome, Report, Result
from rltools.errors import InvalidOptionError

Subject = TypeVar("Subject")


class SkipCheck(Exception):  # noqa: N818 - It is no error.
    """Raised by a check that can't be exercised; says why."""


class Hint(str):
    """Yielded by a check in place of a violation: advice that fails nothing."""


@dataclass(frozen=True)
class Check(Generic[Subject]):
    """A law that a subject keeps or breaks.

    Attributes:
        name: Its stable short name, such as `"T2"`.
        title: What holds where it passes.
        needs: Names of checks that must not fail for this one to mean anything.
        find_violations: Function of the subject. Yields a line for every violation, or
            a `Hint`; raises `SkipCheck` if the law could not be exercised.
    """

    name: str
    title: str
    needs: tuple[str, ...]
    find_violations: Callable[[Subject], Iterable[str]]


def check(
    name: str, title: str, *, needs: Sequence[str] = ()
) -> Callable[[Callable[[Any], Iterator[str]]], Check[Any]]:
    """Make a check of the function below; its arguments are those of `Check`."""
    return lambda function: Check(name, title, tuple(needs), function)


def run_checks(
    subject: Subject,
    checks: Sequence[Check[Subject]],
    *,
    name: str,
    exclude: Collection[str] = (),
    progress: Callable[[str], None] | None = None,
) -> Report:
    """Run checks and report what each found.

    A check whose needs failed is skipped: what it would find is the same mistake seen
    once more. An exception out of a check is a violation of it.

    Args:
        subject: What is checked.
        checks: The checks in the order of the report.
        name: What the report calls the subject.
        exclude: Names of checks not to run.
        progress: Function that is told each check before it runs.

    Returns:
        The report, with a result for every check.

    Raises:
        InvalidOptionError: `exclude` has a name that no check bears.
    """
    known = {each.name: each for each in checks}
    if isinstance(exclude, str) or (unknown := [n for n in exclude if n not in known]):
        wrong = exclude if isinstance(exclude, str) else unknown
        raise InvalidOptionError(
            f"exclude: expected a list of names of checks ({', '.join(known)}), "
            f"got {wrong!r}{_hint_at_case(wrong, known)}."
        )
    results: dict[str, Result] = {}
    blocked: dict[str, str] = {}  # Checks that failed, or can't run because one did.

    def run(each: Check[Subject]) -> None:
        if each.name in results:
            return
        for need in each.needs:
            run(known[need])
        if each.name in exclude:
            note = "excluded by the caller"
            results[each.name] = Result(each.name, each.title, "skipped", note=note)
            return
        roots = dict.fromkeys(blocked[n] for n in each.needs if n in blocked)
        if roots:
            blocked[each.name] = next(iter(roots))
            verb = "fails" if len(roots) == 1 else "fail"
            note = f"means nothing while {' and '.join(roots)} {verb}"
            results[each.name] = Result(each.name, each.title, "skipped", note=note)
            return
        if progress is not None:
            progress(f"{each.name} {each.title} ({len(results) + 1} of {len(known)})")
        results[each.name] = _run(each, subject)
        if results[each.name].outcome == "failed":
            blocked[each.name] = each.name

    for each in checks:
        run(each)
    return Report(name, [results[each.name] for each in checks])


def fails(each: Check[Subject], subject: Subject) -> bool:
    """Whether a check finds a violation, for others that can do with less than it."""
    return _run(each, subject).outcome == "failed"


def _hint_at_case(wrong: Any, known: Collection[str]) -> str:
    names = [wrong] if isinstance(wrong, str) else wrong
    spelt = {name.lower(): name for name in known}
    meant = [spelt[name.lower()] for name in names if name.lower() in spelt]
    return f" (did you mean {', '.join(meant)}?)" if meant else ""


def tell_exception(error: BaseException) -> str:
    """An exception in one line, with the place of the code that raised it."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = ""
    if trace is not None:
        code = trace.tb_frame.f_code
        place = f" ({code.co_filename}, line {trace.tb_lineno}, in {code.co_name})"
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}{': ' + text[0] if text else ''}{place}"


def _run(each: Check[Subject], subject: Subject) -> Result:
    found: list[str] = []
    note = ""
    try:
        for line in each.find_violations(subject):
            found.append(line)
    except SkipCheck as reason:
        note = str(reason)
        # What was found before stays found.
        if not any(not isinstance(line, Hint) for line in found):
            return Result(each.name, each.title, "skipped", note=note)
    except (Exception, SystemExit) as error:
        found.append(f"raised {tell_exception(error)}")
    hints = " ".join(line for line in found if isinstance(line, Hint))
    violations = tuple(line for line in found if not isinstance(line, Hint))
    outcome: Outcome = "failed" if violations else "passed"
    return Result(each.name, each.title, outcome, violations, hints or note)
