"""Several environments, called one after another in one loop.

The loop is the same wherever it runs: in the batch's own process, in a worker, in an
actor on another machine.
"""

from collections.abc import Iterable, Sequence
from copy import deepcopy
from typing import Any

import gymnasium as gym

from rltools.hosting.columns import Columns
from rltools.hosting.intake import Intake, as_step
from rltools.hosting.report import Report


class EnvGroup:
    """Steps environments and fills columns with what they return.

    Args:
        envs: The environments, of equal spaces.
        columns: With a row for each of them.
        first: Place of the first one in the batch, for error messages.
        caught: What an environment raises is reported, if it is of this type.
    """

    def __init__(
        self,
        envs: Sequence[gym.Env],
        columns: Columns,
        *,
        first: int = 0,
        caught: type[BaseException] = Exception,
    ) -> None:
        self._envs = envs
        self._columns = columns
        self._intake = Intake(columns, first)
        self._caught = caught

    def place(self, first: int) -> None:
        """Tell where in a batch the environments are."""
        self._intake.first = first

    def step(
        self,
        actions: Sequence[Any],
        resets: Sequence[bool] | None = None,
        *,
        same_step: bool = False,
    ) -> Report:
        """Step every environment.

        Args:
            actions: An action for each.
            resets: Says which ones are reset instead; None for none.
            same_step: Whether to reset an environment as soon as its episode has ended.
                Its last observation and info are in its info.

        Returns:
            Infos and failures. Where there is a failure the observation stays what it
            was, and the other columns are zero.
        """
        report = Report()
        results: list[Any] = []
        append = results.append
        try:
            if resets is None:
                for env, action in zip(self._envs, actions, strict=True):
                    append(env.step(action))
            else:
                for env, action, is_reset in zip(
                    self._envs, actions, resets, strict=True
                ):
                    append(as_step(env.reset()) if is_reset else env.step(action))
        except self._caught as error:
            self._go_on_after(error, results, actions, resets, report)
        self._intake.take_steps(results, report)
        if same_step:
            self._reset_ended(results, report)
        return report

    def take_steps(
        self, results: Sequence[Any], report: Report, *, same_step: bool = False
    ) -> Report:
        """Store what the environments returned from `step`; see there."""
        self._intake.take_steps(results, report)
        if same_step:
            self._reset_ended(results, report)
        return report

    def reset(
        self,
        rows: Iterable[int],
        seeds: Iterable[int | None],
        options: dict[str, Any] | None,
    ) -> Report:
        """Reset some environments; returns infos and failures."""
        report = Report()
        for row, seed in zip(rows, seeds, strict=True):
            self._reset_one(row, report, seed=seed, options=options)
        return report

    def _go_on_after(
        self,
        error: BaseException,
        results: list[Any],
        actions: Sequence[Any],
        resets: Sequence[bool] | None,
        report: Report,
    ) -> None:
        """Call the environments that are left after one has raised."""
        report.failures[len(results)] = error
        results.append(None)
        for row in range(len(results), len(self._envs)):
            env = self._envs[row]
            try:
                is_reset = resets is not None and resets[row]
                result = as_step(env.reset()) if is_reset else env.step(actions[row])
            except self._caught as problem:
                report.failures[row], result = problem, None
            results.append(result)

    def _reset_ended(self, results: Sequence[Any], report: Report) -> None:
        columns = self._columns
        for row in (columns.terminated | columns.truncated).nonzero()[0].tolist():
            # Copied first: an environment may use its buffers again.
            observ, *_, info = results[row]
            final = deepcopy({"final_obs": observ, "final_info": info})
            report.infos.pop(row, None)
            self._reset_one(row, report)
            if row not in report.failures and row not in report.violations:
                report.infos[row] = report.infos.get(row, {}) | final

    def _reset_one(self, row: int, report: Report, **arguments: Any) -> None:
        try:
            result = self._envs[row].reset(**arguments)
        except self._caught as error:
            report.failures[row] = error
        else:
            self._intake.take_reset(row, result, report)
