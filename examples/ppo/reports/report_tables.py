"""The tables of a report, as HTML."""

from collections import Counter
from collections.abc import Iterable, Sequence
from html import escape

from examples.ppo.reports.curves import Run, spread
from examples.ppo.reports.report_data import NUM_COLOURS, by_environment
from examples.ppo.reports.run_groups import (
    RunGroup,
    differing_options,
    format_option,
    sum_up,
)

_MINUS = "\N{MINUS SIGN}"
_NONE = "\N{EN DASH}"


def count(number: int, noun: str) -> str:
    """A number of things, such as `"2 runs"`."""
    return f"{number:,} {noun}{'s' * (number != 1)}"


def number(value: float | None, *, like: float | None = None) -> str:
    """A score for readers, with as many digits as its size or that of another needs."""
    if value is None:
        return _NONE
    size = abs(value if like is None else like)
    digits = 0 if size >= 1000 else 1 if size >= 100 else 2
    return f"{value:,.{digits}f}".replace("-", _MINUS)


def describe(group: RunGroup) -> str:
    """A sentence about the learning curve of a group, for those who can't see it."""
    curve = spread(run.eval_score for run in group.counted)
    if not len(curve.steps):
        return f"{group.label}: no evaluation yet."
    first, last = (
        f"{number(curve.mean[place])} at {curve.steps[place]:,} steps"
        for place in (0, -1)
    )
    seeds = count(len(group.counted), "run")
    return f"{group.label}: mean evaluation over {seeds} from {first} to {last}."


def results(groups: Sequence[RunGroup]) -> str:
    """The table of final scores, a row for each group."""
    columns = (
        ("Configuration", "text"),
        ("Mean", "number"),
        ("Std", "number"),
        ("Interquartile mean", "number"),
        ("Worst", "number"),
        ("Best", "number"),
        ("Runs", "number"),
        ("Steps", "number"),
        ("Environment", "text"),
    )
    rows = []
    for members in by_environment(groups).values():
        for colour, group in enumerate(members):
            rows.append(_result(group, colour))
    return _sortable("Final scores", columns, rows)


def _result(group: RunGroup, colour: int) -> str:
    scores = group.scores
    seeds, total = len(scores), len(group.runs)
    figures = sum_up(scores) if scores else None
    mean = figures.mean if figures else None
    values = (
        [
            figures.mean,
            figures.std,
            figures.interquartile_mean,
            figures.worst,
            figures.best,
        ]
        if figures
        else [None] * 5
    )
    dashed = " dashed" * (colour >= NUM_COLOURS)
    cells = [
        f'<th scope="row"><span class="name c{colour % NUM_COLOURS}{dashed}">'
        f'<svg class="key" aria-hidden="true" viewBox="0 0 26 10">'
        f'<line x1="1" x2="25" y1="5" y2="5"/></svg>{escape(group.label)}</span></th>',
        *(_cell(value, number(value, like=mean)) for value in values),
        _cell(seeds, f"{seeds}" if seeds == total else f"{seeds} of {total}"),
        _cell(group.config.steps, f"{group.config.steps:,}"),
        f"<td>{escape(group.env)}</td>",
    ]
    return f"<tr>{''.join(cells)}</tr>"


def runs(groups: Iterable[RunGroup]) -> str:
    """The table of all runs."""
    columns = (
        ("Configuration", "text"),
        ("Seed", "number"),
        ("Score", "number"),
        ("Std of episodes", "number"),
        ("Steps", "number"),
        ("State", "text"),
        ("Folder", "text"),
    )
    rows = [_run(group, run) for group in groups for run in group.runs]
    return _sortable("All runs", columns, rows)


def _run(group: RunGroup, run: Run) -> str:
    done = f"{run.steps / run.config.steps:.0%} done"
    cells = [
        f'<th scope="row">{escape(group.label)}</th>',
        _cell(run.config.seed, str(run.config.seed)),
        _cell(run.final_score, number(run.final_score)),
        _cell(run.final_std, number(run.final_std, like=run.final_score)),
        _cell(run.steps, f"{run.steps:,}"),
        f"<td>{'finished' if run.is_finished else done}</td>",
        f"<td><code>{escape(run.folder.name)}</code></td>",
    ]
    return f"<tr>{''.join(cells)}</tr>"


def options(groups: Sequence[RunGroup]) -> str:
    """The table of those options that are not the same in all groups."""
    names = differing_options([group.config for group in groups])
    if not names:
        return "<p>All runs have the same options, apart from the seed.</p>"
    head = "".join(f'<th scope="col">{escape(group.label)}</th>' for group in groups)
    rows = []
    for name in names:
        values = [format_option(getattr(group.config, name)) for group in groups]
        usual = _usual(values)
        cells = "".join(
            f"<td{' class=usual' * (value == usual)}><code>{escape(value)}</code></td>"
            for value in values
        )
        rows.append(f'<tr><th scope="row"><code>{name}</code></th>{cells}</tr>')
    return _scrolling(
        "Options that differ",
        f"<thead><tr><th scope='col'>Option</th>{head}</tr></thead>"
        f"<tbody>{''.join(rows)}</tbody>",
        "options",
    )


def _usual(values: Sequence[str]) -> str | None:
    """What most of some values are, or None if these are not more than a half."""
    [(value, times)] = Counter(values).most_common(1)
    return value if times > len(values) / 2 else None


def evaluations(env: str, groups: Sequence[RunGroup]) -> str:
    """The table of the mean evaluations of groups in the same environment."""
    curves = [spread(run.eval_score for run in group.counted) for group in groups]
    means = [
        dict(zip(curve.steps.tolist(), curve.mean, strict=True)) for curve in curves
    ]
    head = "".join(f'<th scope="col">{escape(group.label)}</th>' for group in groups)
    rows = []
    for step in sorted(set().union(*means)):
        cells = "".join(f"<td>{number(mean.get(step))}</td>" for mean in means)
        rows.append(f'<tr><th scope="row">{step:,}</th>{cells}</tr>')
    return _scrolling(
        f"Mean evaluations on {env}",
        f'<thead><tr><th scope="col">Steps</th>{head}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody>",
        "numbers",
    )


def _sortable(
    name: str, columns: Iterable[tuple[str, str]], rows: Iterable[str]
) -> str:
    head = "".join(
        f'<th scope="col" class="{kind}"><button type="button">{title}</button></th>'
        for title, kind in columns
    )
    return _scrolling(
        name,
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody>",
        "sortable",
    )


def _scrolling(name: str, content: str, kind: str) -> str:
    """A table that is scrolled by itself where it is wider than the window."""
    name = escape(name)
    return (
        f'<div class="scrolls" tabindex="0" role="region" aria-label="{name}">'
        f'<table class="{kind}"><caption class="said">{name}</caption>'
        f"{content}</table></div>"
    )


def _cell(value: float | None, text: str) -> str:
    """A cell that is sorted by its value, not by how that is written."""
    key = "" if value is None else f"{value:.9g}"
    return f'<td data-value="{key}">{text}</td>'
