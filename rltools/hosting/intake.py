"""Takes in what environments return: checks it and stores it in columns."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from rltools.hosting.columns import Columns
from rltools.hosting.report import Report
from rltools.hosting.results import ORDINARY_REWARDS, unpack_reset, unpack_step

_TUPLES, _DICTS, _BOOLS = {tuple}, {dict}, {bool}


class Intake:
    """Stores the results of environments.

    It is written for environments that take a microsecond: the results of all are
    checked and stored at once. Only if something is not as expected they are looked at
    one by one.

    Args:
        columns: With a row for each environment.
        first: Place of the first one in the batch, for error messages.

    Attributes:
        first: See above.
    """

    def __init__(self, columns: Columns, first: int = 0) -> None:
        self._columns = columns
        self.first = first

    def take_steps(self, results: Sequence[Any], report: Report) -> None:
        """Store what every environment returned from `step`, or see `as_step`.

        Those whose failure is reported are left out. Where something is wrong the
        observation stays what it was, and the other columns are zero.
        """
        if report.failures or not self._take_all(results, report):
            self._take_each(results, report)

    def take_reset(self, row: int, result: Any, report: Report) -> None:
        """Store what an environment returned from `reset`."""
        name = f"envs[{self.first + row}]"
        try:
            observ, info = unpack_reset(result, name)
            self._columns.observs.write(row, observ, f"{name} observation")
        except Exception as error:  # Such as that of a space of the user's own.
            report.violations[row] = error
            return
        if info:
            report.infos[row] = info

    def _take_all(self, results: Sequence[Any], report: Report) -> bool:
        """Store the results if there is nothing unusual about any of them."""
        if set(map(type, results)) != _TUPLES:
            return False
        try:
            observs, rewards, terminated, truncated, infos = zip(*results, strict=True)
        except ValueError:
            return False
        columns = self._columns
        if (
            set(map(type, infos)) != _DICTS
            or set(map(type, terminated + truncated)) != _BOOLS
            or not ORDINARY_REWARDS.issuperset(map(type, rewards))
            or not columns.observs.write_all(observs)
        ):
            return False
        columns.rewards[:] = rewards
        columns.terminated[:] = terminated
        columns.truncated[:] = truncated
        if any(infos):
            report.infos = {row: info for row, info in enumerate(infos) if info}
        return True

    def _take_each(self, results: Sequence[Any], report: Report) -> None:
        columns = self._columns
        for array in (columns.rewards, columns.terminated, columns.truncated):
            array[:] = 0
        for row, result in enumerate(results):
            if row in report.failures:
                continue
            name = f"envs[{self.first + row}]"
            try:
                if isinstance(result, BrokenReset):
                    unpack_reset(result.result, name)  # Says what is wrong with it.
                observ, reward, terminated, truncated, info = unpack_step(result, name)
                columns.observs.write(row, observ, f"{name} observation")
            except Exception as error:  # Such as that of a space of the user's own.
                report.violations[row] = error
                continue
            columns.rewards[row] = reward
            columns.terminated[row] = terminated
            columns.truncated[row] = truncated
            if info:
                report.infos[row] = info


class BrokenReset(NamedTuple):
    """What an environment returned from `reset`, if it is not what it should be."""

    result: Any


def as_step(result: Any) -> Any:
    """The result of a reset that takes the place of a step, as that of a step."""
    if type(result) is tuple and len(result) == 2:
        return (result[0], 0.0, False, False, result[1])
    return BrokenReset(result)
