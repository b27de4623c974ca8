"""Takes in what environments return: checks it and stores it in columns."""

from array import array
from collections.abc import Sequence
from itertools import chain
from typing import Any, NamedTuple

import numpy as np

from rltools.hosting.columns import Columns
from rltools.hosting.report import Report
from rltools.hosting.results import (
    ORDINARY_FLAGS,
    ORDINARY_REWARDS,
    unpack_reset,
    unpack_step,
)


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
        self._count = len(columns.rewards)
        self._usual_types: list[type] = []  # Of all values of a step, checked before.
        self._has_plain_flags = False
        # Bytes are copied faster than booleans are converted.
        self._terminated = memoryview(columns.terminated.view(np.uint8).data)
        self._truncated = memoryview(columns.truncated.view(np.uint8).data)
        self._rewards = columns.rewards.data

    def take_steps(self, results: Sequence[Any], report: Report) -> None:
        """Store what environments returned from `step`, or see `as_step`.

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
        try:
            values = [*chain.from_iterable(results)]
        except TypeError:
            return False
        # Environments hardly ever change what they return; one comparison tells.
        types = [*map(type, values)]
        if types != self._usual_types and not self._are_fine(types, results):
            return False
        columns = self._columns
        if not columns.observs.write_all(values[0::5]):
            return False
        self._rewards[:] = array("d", values[1::5])
        if self._has_plain_flags:
            self._terminated[:] = bytes(values[2::5])
            self._truncated[:] = bytes(values[3::5])
        else:
            columns.terminated[:] = values[2::5]
            columns.truncated[:] = values[3::5]
        infos = values[4::5]
        if any(infos):
            report.infos = {row: info for row, info in enumerate(infos) if info}
        return True

    def _are_fine(self, types: list[type], results: Sequence[Any]) -> bool:
        """Whether results of these types are as they should be; remembers them."""
        flags = {*types[2::5], *types[3::5]}
        if (
            any(type(result) is not tuple or len(result) != 5 for result in results)
            or not ORDINARY_REWARDS.issuperset(types[1::5])
            or not ORDINARY_FLAGS.issuperset(flags)
            or set(types[4::5]) != {dict}
        ):
            return False
        self._usual_types = types
        self._has_plain_flags = flags == {bool}
        return True

    def _take_each(self, results: Sequence[Any], report: Report) -> None:
        columns = self._columns
        for column in (columns.rewards, columns.terminated, columns.truncated):
            column[:] = 0
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
