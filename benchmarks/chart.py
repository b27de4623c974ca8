"""Draws figures of `benchmarks.vector_env` as bars, also those of an earlier run.

python -m benchmarks.chart figures.json picture.png
"""

import argparse
import math
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.figures import format_machine, read_figures
from rltools.bench.comparison import Comparison
from rltools.extras import require

# Light to dark for more environments; this library's bars differ in hue.
_OURS = ("#f4a582", "#d6604d", "#b2182b", "#67001f")
_OTHERS = ("#c6c6c6", "#8c8c8c", "#555555", "#222222")
_BAR = 0.8
_MUCH_FASTER = 20


def draw(comparisons: Sequence[Comparison], path: Path, *, subtitle: str) -> None:
    """Draw a panel for each workload, with a group of bars for each contender.

    A bar is the median of the steps per second; the line on it goes from the slowest
    round to the fastest. Contenders without any figure are left out.

    Args:
        comparisons: The figures; their numbers of environments are the bars of a group.
        path: Where to write the picture; its suffix is the format.
        subtitle: What else to say, such as on which machine.
    """
    figures = require("matplotlib.figure", extra="bench")
    workloads = list(dict.fromkeys(each.workload for each in comparisons))
    names = _contenders_with_figures(comparisons)
    height = 1.5 + 0.42 * max(1, len(names))
    columns = min(2, len(workloads))
    rows = -(-len(workloads) // columns)
    figure = figures.Figure(figsize=(7 * columns, height * rows), layout="constrained")
    figure.suptitle(
        "Steps per second (longer is better)\n" + textwrap.fill(subtitle, 75 * columns),
        fontsize=9,
    )
    panels = figure.subplots(rows, columns, squeeze=False).flat
    for workload, panel in zip(workloads, panels, strict=False):
        chosen = [each for each in comparisons if each.workload == workload]
        _draw_panel(panel, chosen, names)
        panel.set_title(workload)
    for panel in panels:
        panel.set_axis_off()
    figure.savefig(path, dpi=150)


def _contenders_with_figures(comparisons: Sequence[Comparison]) -> list[str]:
    rows = [row for comparison in comparisons for row in comparison.rows]
    return list(dict.fromkeys(row.contender for row in rows if row.measurements))


def _draw_panel(
    panel: Any, comparisons: Sequence[Comparison], names: Sequence[str]
) -> None:
    thickness = _BAR / len(comparisons)
    for index, comparison in enumerate(comparisons):
        for place, name in enumerate(names):
            row = comparison[name]
            if row.median is None:
                continue
            colours = _OURS if name.startswith("rltools") else _OTHERS
            low, high = row.median - row.rates[0], row.rates[-1] - row.median
            y = place + (index + 0.5) * thickness - _BAR / 2
            panel.barh(
                y,
                row.median,
                thickness,
                color=colours[index % len(colours)],
                xerr=[[low], [high]],
                error_kw={"linewidth": 0.8},
            )
            label = f"{row.median:,.0f} ({comparison.num_envs} envs)"
            panel.annotate(
                label,
                (row.rates[-1], y),
                xytext=(4, 0),
                textcoords="offset points",
                va="center",
                fontsize=7,
            )
    panel.set_yticks(range(len(names)), names)
    panel.invert_yaxis()
    _set_scale(panel, comparisons)
    panel.xaxis.set_major_formatter("{x:,.0f}")
    panel.tick_params(labelsize=8)
    panel.spines[["top", "right"]].set_visible(False)


def _set_scale(panel: Any, comparisons: Sequence[Comparison]) -> None:
    """Make room for the figures beside the bars, and for bars that differ a lot."""
    rates = [rate for each in comparisons for row in each.rows for rate in row.rates]
    slowest, fastest = min(rates, default=1.0), max(rates, default=1.0)
    if fastest < _MUCH_FASTER * slowest:
        panel.set_xlim(0, 1.25 * fastest)
        panel.set_xlabel("steps/s", fontsize=8)
    else:
        first = 10 ** math.floor(math.log10(slowest))
        panel.set_xscale("log")
        panel.set_xlim(first, fastest * (fastest / first) ** 0.25)
        panel.minorticks_off()
        panel.set_xlabel("steps/s, logarithmic scale", fontsize=8)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("figures", type=Path)
    parser.add_argument("picture", type=Path)
    options = parser.parse_args(arguments)
    machine, comparisons = read_figures(options.figures)
    draw(comparisons, options.picture, subtitle=format_machine(machine))


if __name__ == "__main__":
    main()
