"""Environments that work somewhere else, one by one."""

import time
from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

import numpy as np

from rltools.hosting.batched import part, split
from rltools.hosting.columns import Columns
from rltools.hosting.intake import Intake, as_step
from rltools.hosting.report import Report
from rltools.process.promise import Promise
from rltools.process.promising_env import PromisingEnv


class PromisingGroup:
    """Starts the calls of all its environments before it waits for any.

    Args:
        envs: The environments, of equal spaces.
        first: Place in the batch of the first one.
        columns: Where to store what they return; None for columns of its own.
    """

    def __init__(
        self, envs: Sequence[PromisingEnv], first: int, columns: Columns | None = None
    ) -> None:
        self.first = first
        self.count = len(envs)
        self._envs = envs
        self._space = envs[0].action_space
        self.columns = columns or Columns(
            envs[0].observation_space, self._space, self.count
        )
        self._intake = Intake(self.columns, first)

    def check_free(self, rows: Sequence[int], *, to_reset: bool) -> None:
        """See `Group`."""
        for row in rows:
            self._envs[row].check_free(to_reset=to_reset)

    def step(
        self, actions: Any, resets: np.ndarray | None, same_step: bool
    ) -> "PromisedCall":
        """See `Group`."""
        end = self.first + self.count
        ours = part(self._space, actions, self.first, end)
        singles = split(self._space, ours, self.count)
        promises, restarted = {}, set()
        for row, (env, action) in enumerate(zip(self._envs, singles, strict=True)):
            if resets is not None and resets[self.first + row]:
                restarted.add(row)
                promises[row] = Promise.of(env.reset, blocking=False)
            else:
                promises[row] = Promise.of(env.step, action, blocking=False)
        return PromisedCall(self, promises, restarted, same_step)

    def reset(
        self,
        rows: Sequence[int],
        seeds: Sequence[int | None],
        options: dict[str, Any] | None,
    ) -> "PromisedCall":
        """See `Group`."""
        promises = {
            row: Promise.of(
                self._envs[row].reset, seed=seed, options=options, blocking=False
            )
            for row, seed in zip(rows, seeds, strict=True)
        }
        return PromisedCall(self, promises)

    def take_resets(self, results: Mapping[int, Any], report: Report) -> None:
        """Store what environments returned from `reset`."""
        for row, result in results.items():
            self._intake.take_reset(row, result, report)

    def take_steps(
        self, results: Mapping[int, Any], report: Report, same_step: bool
    ) -> None:
        """Store what the environments returned from `step`."""
        listed = [results.get(row) for row in range(self.count)]
        self._intake.take_steps(listed, report)
        if not same_step:
            return
        columns = self.columns
        ended = (columns.terminated | columns.truncated).nonzero()[0].tolist()
        finals = {}
        for row in ended:
            observ, *_, info = results[row]
            # Copied first: an environment may use its buffers again.
            finals[row] = deepcopy({"final_obs": observ, "final_info": info})
            report.infos.pop(row, None)
        resets = {
            row: Promise.of(self._envs[row].reset, blocking=False) for row in ended
        }
        self.take_resets(gather(resets, report), report)
        for row, final in finals.items():
            if row not in report.failures and row not in report.violations:
                report.infos[row] = report.infos.get(row, {}) | final


class PromisedCall:
    """The promises of one call; see `Call`.

    Args:
        group: Stores the results.
        promises: By row.
        restarted: The rows that are reset instead of stepped; None if all are.
        same_step: Whether to reset an environment whose episode has ended.
    """

    def __init__(
        self,
        group: PromisingGroup,
        promises: Mapping[int, Promise],
        restarted: set[int] | None = None,
        same_step: bool = False,
    ) -> None:
        self._group = group
        self._promises = promises
        self._restarted = restarted
        self._same_step = same_step

    def ready(self) -> bool:
        """See `Call`."""
        return all(promise.ready() for promise in self._promises.values())

    def result(self, timeout: float | None = None) -> Report:
        """See `Call`."""
        if timeout is not None:
            await_all(self._promises, timeout)
        report = Report()
        results = gather(self._promises, report)
        if self._restarted is None:
            self._group.take_resets(results, report)
            return report
        for row in self._restarted & results.keys():
            results[row] = as_step(results[row])
        self._group.take_steps(results, report, self._same_step)
        return report

    def give_up(self) -> None:
        """See `Call`."""
        for promise in self._promises.values():
            promise.give_up()

    def hold(self, is_held: bool) -> None:
        """See `Call`."""


def gather(promises: Mapping[int, Promise], report: Report) -> dict[int, Any]:
    """Wait for promises; returns their results, and reports their failures."""
    results: dict[int, Any] = {}
    for row, promise in promises.items():
        try:
            results[row] = promise()
        except Exception as error:
            report.failures[row] = error
    return results


def await_all(promises: Mapping[int, Promise], timeout: float) -> None:
    """Wait for promises, which keep what they come to.

    Args:
        promises: Promises by row.
        timeout: Seconds to wait in all.

    Raises:
        RequestTimeoutError: Not all results came in time. No promise is lost.
    """
    deadline = time.monotonic() + timeout
    for promise in promises.values():
        try:
            promise.result(max(0.0, deadline - time.monotonic()))
        except Exception:
            if not promise.fetched:
                raise
            # The promise keeps it, to be told beside the others' failures.
            promise.forget_traceback()
