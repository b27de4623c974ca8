"""Draws learning curves as a picture."""

import io
import os
import pathlib
from collections.abc import Sequence
from typing import Any

from examples.ppo.reports.curves import Curve, read_run, spread
from rltools.errors import RLToolsError
from rltools.extras import require

PICTURE_FILE = "learning_curve.png"
_COLOUR = "#1f5fa8"
_REFERENCE_COLOUR = "#b2182b"


def draw_run(folder: pathlib.Path) -> str:
    """Draw the learning curve of a run into its folder, where that is possible.

    Args:
        folder: The run's folder.

    Returns:
        A line that says where the picture is, or why there is none: what a run has
        learned does not depend on it.
    """
    path = folder / PICTURE_FILE
    try:
        run = read_run(folder)
        draw(
            path,
            f"{run.config_name} ({run.config.env}), seed {run.config.seed}",
            evaluations=[run.eval_score],
            trainings=[run.train_score],
        )
    except (RLToolsError, OSError) as error:
        return f"There is no picture of the learning curve. {error}"
    return f"The learning curve is in {path}"


def draw(
    path: str | os.PathLike[str],
    title: str,
    *,
    evaluations: Sequence[Curve],
    trainings: Sequence[Curve] = (),
    reference: tuple[float, str] | None = None,
) -> None:
    """Draw the learning curves of one or more runs of the same config.

    Args:
        path: Where to write the picture, a PNG file; as a whole or not at all.
        title: The heading.
        evaluations: Score of the evaluations of each run: thin lines, with their mean
            as a bold one.
        trainings: Score in training of each run: faint lines.
        reference: A score to compare with, and what to call it: a dashed line.

    Raises:
        MissingExtraError: Matplotlib is not installed.
        OSError: The picture can't be written.
    """
    figures = require("matplotlib.figure", extra="ppo")
    ticker = require("matplotlib.ticker", extra="ppo")
    # Neither pyplot nor a backend of a desktop: a figure draws itself into a file.
    figure = figures.Figure(figsize=(7, 4.2), layout="constrained")
    axes = figure.subplots()
    _draw_runs(axes, evaluations, trainings)
    if reference is not None:
        score, name = reference
        axes.axhline(score, color=_REFERENCE_COLOUR, dashes=(4, 3), label=name)
    axes.set_title(title, loc="left")
    axes.set_xlabel("training steps")
    axes.set_ylabel("mean score of an episode")
    axes.set_xlim(left=0)
    axes.xaxis.set_major_formatter(ticker.EngFormatter(sep=""))
    axes.yaxis.set_major_formatter("{x:,g}")
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    if axes.get_legend_handles_labels()[0]:
        axes.legend(frameon=False, fontsize=8)
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=130)
    path = pathlib.Path(path)
    aside = path.with_name(path.name + ".new")
    try:
        aside.write_bytes(picture.getvalue())
        aside.replace(path)
    except OSError:
        aside.unlink(missing_ok=True)
        raise


def _draw_runs(
    axes: Any, evaluations: Sequence[Curve], trainings: Sequence[Curve]
) -> None:
    several = len(evaluations) > 1
    # Of lines that look the same only the first one is explained.
    name = "training, each seed" if several else "training"
    for curve in trainings:
        axes.plot(*curve, color="#777777", alpha=0.45, linewidth=0.7, label=name)
        name = "_"
    name = "evaluation, each seed"
    for curve in evaluations if several else ():
        axes.plot(*curve, color=_COLOUR, alpha=0.4, linewidth=0.9, label=name)
        name = "_"
    mean = spread(evaluations)
    if len(mean.steps):
        name = (
            f"evaluation, mean of {len(evaluations)} seeds" if several else "evaluation"
        )
        axes.plot(mean.steps, mean.mean, ".-", color=_COLOUR, linewidth=2, label=name)
