"""The learning curves of runs, read from the folders that they left."""

import dataclasses
import logging
import os
import pathlib
from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np

from examples.ppo.commands.options import load_config
from examples.ppo.config import Config
from examples.ppo.reports.event_files import Scalar, read_scalars
from examples.ppo.runs.run_folder import CONFIG_FILE
from rltools.errors import ConfigError

_logger = logging.getLogger(__name__)
SCORE = "mean_score"
SCORE_STD = "std_score"
_PHASES = ("train", "eval")


class Curve(NamedTuple):
    """Values of one quantity in the course of training.

    Attributes:
        steps: Training steps made when a value was measured, increasing, int64 `[n]`.
        values: The values, float64 `[n]`.
    """

    steps: np.ndarray
    values: np.ndarray


_EMPTY = Curve(np.zeros(0, np.int64), np.zeros(0, np.float64))


@dataclasses.dataclass(frozen=True, eq=False)
class Run:
    """A training run, finished or not.

    Attributes:
        folder: The run's folder.
        config: The options of the run.
        train: Curves of what training measured, by tag, such as `"mean_score"`.
        eval: Curves of what evaluations measured, by tag.
    """

    folder: pathlib.Path
    config: Config
    train: dict[str, Curve]
    eval: dict[str, Curve]

    @property
    def config_name(self) -> str:
        """Name of the config that the run was started with."""
        return self.folder.name.partition("-")[2]

    @property
    def timestamp(self) -> str:
        """When the run was started; the first part of the folder's name."""
        return self.folder.name.partition("-")[0]

    @property
    def train_score(self) -> Curve:
        """Mean score of the episodes that ended between two updates.

        It has no value where none did.
        """
        return self.train.get(SCORE, _EMPTY)

    @property
    def eval_score(self) -> Curve:
        """Mean score of the episodes of an evaluation."""
        return self.eval.get(SCORE, _EMPTY)

    @property
    def steps(self) -> int:
        """Training steps that are known to have been made."""
        last = [
            curve.steps[-1] for curve in (*self.train.values(), *self.eval.values())
        ]
        return int(max(last, default=0))

    @property
    def is_finished(self) -> bool:
        """Whether the evaluation at the end of the run has been made."""
        return self.config.steps in self.eval_score.steps

    @property
    def final_score(self) -> float | None:
        """Mean score of the last evaluation, or None if there was none."""
        return _last(self.eval_score)

    @property
    def final_std(self) -> float | None:
        """Standard deviation of the scores of the last evaluation, None if unknown."""
        return _last(self.eval.get(SCORE_STD, _EMPTY))


def read_run(folder: str | os.PathLike[str]) -> Run:
    """Read the config and the curves of a run.

    Args:
        folder: The run's folder, `<logdir>/<timestamp>-<config>`.

    Raises:
        ConfigError: The folder has no config, or one that can't be read.
        MissingExtraError: TensorBoard is not installed.
        OSError: A file with curves can't be read.
    """
    folder = pathlib.Path(folder)
    config = load_config(folder / CONFIG_FILE)
    curves = {
        phase: _curves(read_scalars(folder / phase), _step_of(phase, config))
        for phase in _PHASES
    }
    return Run(folder, config, curves["train"], curves["eval"])


def read_runs(logdir: str | os.PathLike[str]) -> list[Run]:
    """Read all runs of a logdir, oldest first.

    A run whose config can't be read, as it was made by a version with other options, is
    left out and warned about in the log.

    Args:
        logdir: Where the folders of the runs are. Other folders are left out.

    Raises:
        ConfigError: There is no such folder.
        MissingExtraError: TensorBoard is not installed.
        OSError: A file with curves can't be read.
    """
    logdir = pathlib.Path(logdir)
    if not logdir.is_dir():
        raise ConfigError(f"There is no logdir {str(logdir)!r}.")
    runs = []
    for path in sorted(logdir.glob(f"*-*/{CONFIG_FILE}")):
        try:
            runs.append(read_run(path.parent))
        except ConfigError as error:
            _logger.warning("The run %s is left out: %s", path.parent.name, error)
    return runs


class Spread(NamedTuple):
    """What several curves have in common, each array `[n]`.

    Attributes:
        steps: Training steps, int64.
        mean: Mean over the curves.
        low: The lowest of them.
        high: The highest of them.
    """

    steps: np.ndarray
    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray


def spread(curves: Iterable[Curve]) -> Spread:
    """Combine curves of the same quantity, such as those of several seeds.

    Args:
        curves: The curves. Between two of its steps a curve is a straight line; those
            without any value are left out.

    Returns:
        The spread at every step of any curve that all of them span.
    """
    curves = [curve for curve in curves if len(curve.steps)]
    if not curves:
        return Spread(_EMPTY.steps, *[_EMPTY.values] * 3)
    first = max(curve.steps[0] for curve in curves)
    last = min(curve.steps[-1] for curve in curves)
    steps = np.unique(np.concatenate([curve.steps for curve in curves]))
    steps = steps[(steps >= first) & (steps <= last)]
    rows = np.stack([np.interp(steps, *curve) for curve in curves])
    return Spread(steps, rows.mean(0), rows.min(0), rows.max(0))


def _step_of(phase: str, config: Config) -> Callable[[int], int]:
    """The function from a step that the loop has written to training steps made.

    The loop writes when a call began. An epoch takes as many steps there as its longest
    phase, and an evaluation has the step at which its epoch began:

        # eval_every=4, update_every=2, eval_steps=1 (or 6)
        # Call:      train train eval   train train eval
        # Written:   0     2     0      4 (6) 6 (8) 4 (6)
        # Training:  2     4     4      6     8     8
    """
    longest = max(config.eval_every, config.eval_steps)

    def train(written: int) -> int:
        epoch, steps_in = divmod(written, longest)
        return epoch * config.eval_every + steps_in + config.update_every

    def evaluation(written: int) -> int:
        return (written // longest + 1) * config.eval_every

    return train if phase == "train" else evaluation


def _curves(
    scalars: Iterable[Scalar], step_of: Callable[[int], int]
) -> dict[str, Curve]:
    # A run that goes on from a checkpoint repeats what it did since: the last counts.
    values: dict[str, dict[int, float]] = {}
    for scalar in scalars:
        values.setdefault(scalar.tag, {})[step_of(scalar.step)] = scalar.value
    curves = {}
    for tag, by_step in values.items():
        steps = sorted(by_step)
        curves[tag] = Curve(
            np.array(steps, np.int64),
            np.array([by_step[step] for step in steps], np.float64),
        )
    return curves


def _last(curve: Curve) -> float | None:
    return float(curve.values[-1]) if len(curve.values) else None
