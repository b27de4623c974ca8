"""The page that shows episodes: one file, apart from the videos beside it."""

import html
import json
import pathlib
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

_TEMPLATES = pathlib.Path(__file__).parent / "visualize_page"


def write_page(
    path: pathlib.Path,
    *,
    env: str,
    run: str,
    checkpoint: int,
    training_steps: int,
    seed: int,
    frames_per_second: float,
    discount: float,
    episodes: Sequence[dict[str, Any]],
) -> None:
    """Write the page.

    Args:
        path: The file to write; videos are looked for beside it.
        env: Name of the environment.
        run: Name of the run's folder.
        checkpoint: Number of the checkpoint.
        training_steps: Steps that the policy had been trained for.
        seed: Seed of the first environment.
        frames_per_second: Speed of the videos, one frame for each observation.
        discount: Discount factor of the value estimates.
        episodes: See `Recorder.episodes`; at least one.
    """
    scores = [episode["score"] for episode in episodes]
    lengths = [episode["length"] for episode in episodes]
    digits = 1 if max(map(abs, scores)) >= 10 else 3
    mean, std, low, high = (
        _number(value, digits)
        for value in (np.mean(scores), np.std(scores), min(scores), max(scores))
    )
    length = f"{np.mean(lengths):,.1f}".removesuffix(".0")
    figures = {
        "Mean return": f"{mean} <small>± {std} standard deviation</small>",
        "Lowest and highest": f"{low} <small>to</small> {high}",
        "Mean length": f"{length} <small>steps</small>",
        "Episodes": str(len(episodes)),
    }
    data = {"frames_per_second": frames_per_second, "episodes": list(episodes)}
    values = {
        "title": html.escape(f"{env}, PPO after {training_steps:,} steps"),
        "env": html.escape(env),
        "summary": html.escape(
            f"Most likely actions of PPO after {training_steps:,} training steps. "
            f"Run {run}, checkpoint {checkpoint}, seed {seed}."
        ),
        "figures": "\n".join(
            f"<div><dt>{name}</dt><dd>{value}</dd></div>"
            for name, value in figures.items()
        ),
        "rows": "\n".join(_row(episode, digits) for episode in episodes),
        "explanation": html.escape(
            "Action, reward and value of a step belong to the observation on show. "
            f"Values are returns, discounted by {discount:g} a step. Of episodes that "
            "were truncated, the last estimate counts as the return that would have "
            "followed."
        ),
        # Nothing in it can end the element that it stands in.
        "data": json.dumps(data, allow_nan=False, separators=(",", ":")).replace(
            "<", "\\u003c"
        ),
    }
    for name, file in (("style", "style.css"), ("script", "script.js")):
        values[name] = (_TEMPLATES / file).read_text(encoding="utf-8").strip()
    template = (_TEMPLATES / "page.html").read_text(encoding="utf-8")
    text = re.sub(r"\{\{(\w+)\}\}", lambda match: values[match[1]], template)
    path.write_text(text, encoding="utf-8")


def _row(episode: dict[str, Any], digits: int) -> str:
    number = episode["number"]
    ended = "terminated" if episode["terminated"] else "truncated"
    video = html.escape(episode["video"])
    return (
        f'<tr data-episode="{number}"><td><a href="#episode-{number}">Episode {number}'
        f'</a></td><td class="number">{_number(episode["score"], digits)}</td>'
        f'<td class="number">{episode["length"]}</td><td>{ended}</td>'
        f'<td><a href="{video}" aria-label="Video of episode {number}">mp4</a></td>'
        "</tr>"
    )


def _number(value: float, digits: int) -> str:
    """A number for people, with a real minus sign."""
    return f"{value:,.{digits}f}".replace("-", "\N{MINUS SIGN}")
