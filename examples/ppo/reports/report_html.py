"""The page of a report: one HTML file with all that it needs in it."""

import datetime
import json
import pathlib
import string
from collections.abc import Iterable, Sequence
from html import escape

from examples.ppo.reports import report_tables as tables
from examples.ppo.reports.curves import Run
from examples.ppo.reports.report_data import NUM_COLOURS, by_environment, chart_data
from examples.ppo.reports.run_groups import RunGroup, group_runs

_PARTS = pathlib.Path(__file__).parent / "report_page"


def render(runs: Sequence[Run], *, name: str, created: datetime.datetime) -> str:
    """Make the page that compares runs.

    Args:
        runs: The runs, at least one.
        name: What to call them together.
        created: The time to put on the page.

    Returns:
        The HTML. It asks for nothing else: style, script and data are in it.
    """
    groups = group_runs(runs)
    page = string.Template((_PARTS / "page.html").read_text(encoding="utf-8"))
    return page.substitute(
        name=escape(name),
        summary=escape(_summary(groups, created)),
        style=(_PARTS / "style.css").read_text(encoding="utf-8"),
        script=(_PARTS / "script.js").read_text(encoding="utf-8"),
        # Within a script only the end of one has a meaning.
        data=json.dumps(chart_data(groups), allow_nan=False).replace("</", "<\\/"),
        charts=_charts(groups),
        results=tables.results(groups),
        options=tables.options(groups),
        runs=tables.runs(groups),
    )


def _summary(groups: Sequence[RunGroup], created: datetime.datetime) -> str:
    runs = [run for group in groups for run in group.runs]
    steps = sum(run.steps for run in runs)
    unfinished = sum(not run.is_finished for run in runs)
    parts = [
        tables.count(len(runs), "run"),
        tables.count(len(groups), "configuration"),
        tables.count(len(by_environment(groups)), "environment"),
        f"{steps:,} training steps",
        *([f"{unfinished} unfinished"] if unfinished else []),
        f"{created:%d %B %Y, %H:%M}",
    ]
    return " · ".join(parts)


def _charts(groups: Iterable[RunGroup]) -> str:
    charts = by_environment(groups).items()
    return "\n".join(
        _chart(number, env, members) for number, (env, members) in enumerate(charts)
    )


def _chart(number: int, env: str, groups: Sequence[RunGroup]) -> str:
    legend = "".join(
        f'<li><button type="button" aria-pressed="true" data-group="{index}" '
        f'class="c{index % NUM_COLOURS}{" dashed" * (index >= NUM_COLOURS)}">'
        f'<svg class="key" aria-hidden="true" viewBox="0 0 26 10">'
        f'<line x1="1" x2="25" y1="5" y2="5"/></svg>'
        f"<span>{escape(group.label)}</span> "
        f'<span class="count">{tables.count(len(group.runs), "run")}</span>'
        f"</button></li>"
        for index, group in enumerate(groups)
    )
    description = " ".join(tables.describe(group) for group in groups)
    return f"""
<section class="card" aria-labelledby="chart-{number}-name">
  <h2 id="chart-{number}-name">{escape(env)}</h2>
  <ul class="legend" aria-label="Curves on {escape(env)}; press to hide or show">
    {legend}
  </ul>
  <div class="chart" data-chart="{number}" tabindex="0" role="group"
    aria-label="Learning curves on {escape(env)}. Arrow keys read values."
    aria-describedby="chart-{number}-text"></div>
  <p class="said" aria-live="polite"></p>
  <p class="said" id="chart-{number}-text">{escape(description)}</p>
  <details>
    <summary>Evaluations as a table</summary>
    {tables.evaluations(env, groups)}
  </details>
</section>"""
