import io
import re

import pytest
from rich.console import Console

from examples.ppo.commands import progress as progress_module
from examples.ppo.commands.progress import Progress


@pytest.fixture
def clock(monkeypatch):
    """A clock that the test sets."""
    now = [100.0]
    monkeypatch.setattr(progress_module.time, "monotonic", lambda: now[0])
    return now


def show(reports, clock, *, terminal=False, start=0):
    file = io.StringIO()
    output = Console(file=file, force_terminal=terminal, width=100)
    with Progress(1000, start, output=output) as progress:
        for seconds, kind, step, score in reports:
            clock[0] += seconds
            getattr(progress, kind)(step, score)
    return file.getvalue()


def test_lines_tell_steps_speed_score_and_time_left(clock):
    text = show([(20, "training", 400, -12.34)], clock)
    assert text == "      400/1,000 steps  20/s  score -12.3  0:00:30 left\n"


def test_steps_of_an_earlier_process_are_not_speed(clock):
    text = show([(20, "training", 400, 1.0)], clock, start=200)
    assert "10/s" in text
    assert "0:01:00 left" in text


def test_lines_are_few_but_the_last_is_there(clock):
    reports = [(0.5, "training", step, 1.0) for step in range(25, 1001, 25)]
    lines = show(reports, clock).splitlines()
    assert [line.split("/")[0].strip() for line in lines] == ["500", "1,000"]


def test_every_evaluation_has_a_line(clock):
    for terminal in (False, True):
        text = show([(1, "evaluation", 500, -99.96)], clock, terminal=terminal)
        assert "      500 steps  evaluation -100.0\n" in text


def test_no_finished_episode_leaves_the_last_score(clock):
    text = show(
        [(1, "training", 9, float("nan"))] * 1 + [(20, "training", 10, 5.0)], clock
    )
    assert "score 5.0" in text
    text = show([(20, "training", 9, float("nan"))], clock)
    assert "score" not in text
    text = show([(1, "training", 9, 5.0), (20, "training", 10, float("nan"))], clock)
    assert "score 5.0" in text


def test_terminal_gets_a_bar(clock):
    text = show([(20, "training", 400, -12.34)], clock, terminal=True)
    assert re.search("training .*━.* 400/1,000 steps  20/s  score -12.3", text)
