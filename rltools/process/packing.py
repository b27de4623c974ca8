"""Reports of a worker's environments, as bytes."""

import pickle
from typing import Any, NamedTuple

from rltools.errors import NotPicklableError
from rltools.hosting.report import Report
from rltools.process.failure import Failure
from rltools.process.info_columns import from_columns, to_columns
from rltools.process.protocol import dumps


class PackedReport(NamedTuple):
    """A report in a form that can be sent.

    Attributes:
        infos: As in `Report`.
        failures, violations: As in `Report`, but as `Failure`.
        objects: The columns of observations that have no fixed size.
    """

    infos: dict[int, dict[str, Any]]
    failures: dict[int, Failure]
    violations: dict[int, Failure]
    objects: list[list[Any]]


def pack_report(report: Report, objects: list[list[Any]]) -> bytes:
    """Pack a report; nothing to tell makes no bytes."""
    if not report and not objects:
        return b""
    try:
        return _dumps(report, objects)
    except Exception:
        _take_out_unpicklable(report)
        return _dumps(report, objects)


def unpack_report(body: bytes | memoryview) -> PackedReport:
    """Inverse of `pack_report`."""
    if not body:
        return PackedReport({}, {}, {}, [])
    infos, *rest = pickle.loads(body)
    if isinstance(infos, tuple):
        infos = from_columns(infos)
    return PackedReport(infos, *rest)


def _dumps(report: Report, objects: list[list[Any]]) -> bytes:
    if not (objects or report.failures or report.violations):
        columns = to_columns(report.infos)
        if columns is not None:
            return pickle.dumps((columns, {}, {}, []), pickle.HIGHEST_PROTOCOL)
    failures = {row: Failure.of(error) for row, error in report.failures.items()}
    violations = {row: Failure.of(error) for row, error in report.violations.items()}
    return dumps((report.infos, failures, violations, objects))


def _take_out_unpicklable(report: Report) -> None:
    for row, info in list(report.infos.items()):
        try:
            dumps(info)
        except Exception as error:
            del report.infos[row]
            report.violations[row] = NotPicklableError(
                f"the info of environment {row} of its worker can't be pickled: "
                f"{type(error).__name__}: {error}"
            )
