"""What the charts of a report draw, as values for JSON."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from examples.ppo.reports.curves import Curve, Run, spread
from examples.ppo.reports.run_groups import RunGroup

NUM_COLOURS = 8
# More than there are pixels for would only make the page heavy.
_MAX_POINTS = 300
_KINDS = ("eval", "train")


def chart_data(groups: Sequence[RunGroup]) -> list[dict[str, Any]]:
    """Curves of the groups, a chart for each environment.

    Args:
        groups: The groups, by their environments.

    Returns:
        Dictionaries with the name of the environment, `env`, and its `groups`. Each of
        these has its `label`, a number `colour`, and for `eval` and `train` the `mean`
        over seeds with `low` and `high`, and the curves of all `seeds` with whether
        each `counts` for the mean.
    """
    return [
        {
            "env": env,
            "groups": [
                {
                    "label": group.label,
                    "colour": colour % NUM_COLOURS,
                    "dashed": colour >= NUM_COLOURS,
                    **{kind: _curves(group, kind) for kind in _KINDS},
                }
                for colour, group in enumerate(members)
            ],
        }
        for env, members in by_environment(groups).items()
    ]


def by_environment(groups: Iterable[RunGroup]) -> dict[str, list[RunGroup]]:
    """Groups by the names of their environments."""
    result: dict[str, list[RunGroup]] = {}
    for group in groups:
        result.setdefault(group.env, []).append(group)
    return result


def thin_out(curve: Curve, limit: int = _MAX_POINTS) -> Curve:
    """Average neighbours, so that no more than some points are left.

    Args:
        curve: The curve.
        limit: How many points it may keep. The last one is always the last step's.
    """
    if len(curve.steps) <= limit:
        return curve
    parts = np.array_split(np.arange(len(curve.steps)), limit)
    return Curve(
        np.array([curve.steps[part[-1]] for part in parts]),
        np.array([curve.values[part].mean() for part in parts]),
    )


def score_of(run: Run, kind: str) -> Curve:
    """The curve of a run's scores; `kind` is eval or train."""
    return run.eval_score if kind == "eval" else run.train_score


def _curves(group: RunGroup, kind: str) -> dict[str, Any]:
    curves = [thin_out(score_of(run, kind)) for run in group.runs]
    counted = group.counted
    # Seeds that were thinned out alike have their steps in common.
    common = spread(
        curve for run, curve in zip(group.runs, curves, strict=True) if run in counted
    )
    return {
        "steps": common.steps.tolist(),
        "mean": _rounded(common.mean),
        "low": _rounded(common.low),
        "high": _rounded(common.high),
        "seeds": [
            {
                "counts": run in counted,
                "steps": curve.steps.tolist(),
                "values": _rounded(curve.values),
            }
            for run, curve in zip(group.runs, curves, strict=True)
        ],
    }


def _rounded(values: np.ndarray) -> list[float | None]:
    """Values with six digits; None for those that JSON has no words for."""
    return [
        float(f"{value:.6g}") if np.isfinite(value) else None
        for value in values.tolist()
    ]
