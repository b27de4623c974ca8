import sys

import numpy as np
import pytest

from examples.ppo.commands.options import save_config
from examples.ppo.reports.curves import Curve
from examples.ppo.reports.learning_curve import draw, draw_run
from rltools.summaries import SummaryWriter

figure = pytest.importorskip("matplotlib.figure")


@pytest.fixture
def drawn(monkeypatch):
    """The figures that were drawn."""
    figures = []
    save = figure.Figure.savefig
    monkeypatch.setattr(
        figure.Figure,
        "savefig",
        lambda self, *args, **options: (
            figures.append(self),
            save(self, *args, **options),
        ),
    )
    return figures


@pytest.fixture
def folder(tmp_path, make_config):
    path = tmp_path / "20250101T000000-pendulum"
    path.mkdir()
    save_config(make_config(seed=4), path / "config.json")
    for phase, score in (("train", 1.0), ("eval", 2.0)):
        writer = SummaryWriter(path / phase)
        writer.write(0, {"mean_score": score})
        writer.close()
    return path


def curve(*values):
    return Curve(np.arange(len(values)) + 1, np.array(values))


def lines(axes):
    return {line.get_label(): list(line.get_ydata()) for line in axes.get_lines()}


def legend(axes):
    return [text.get_text() for text in axes.get_legend().get_texts()]


def test_draws_a_run_into_its_folder(folder, drawn):
    path = folder / "learning_curve.png"
    assert draw_run(folder) == f"The learning curve is in {path}"
    assert path.read_bytes().startswith(b"\x89PNG")
    assert [each.name for each in folder.glob("learning*")] == [path.name]
    [axes] = drawn[0].axes
    assert axes.get_title(loc="left") == "pendulum (Pendulum-v1), seed 4"
    assert lines(axes) == {"training": [1.0], "evaluation": [2.0]}
    assert legend(axes) == ["training", "evaluation"]


def test_draws_seeds_their_mean_and_the_reference(tmp_path, drawn):
    draw(
        tmp_path / "a.png",
        "Title",
        evaluations=[curve(1.0, 3.0), curve(3.0, 5.0)],
        trainings=[curve(0.0), curve(1.0)],
        reference=(4.0, "published"),
    )
    [axes] = drawn[0].axes
    assert legend(axes) == [
        "training, each seed",
        "evaluation, each seed",
        "evaluation, mean of 2 seeds",
        "published",
    ]
    assert lines(axes)["evaluation, mean of 2 seeds"] == [2.0, 4.0]
    assert lines(axes)["published"] == [4.0, 4.0]
    assert len(axes.get_lines()) == 6


@pytest.mark.parametrize("evaluations", [[], [curve()], [curve(), curve(1.0)]])
def test_draws_what_there_is(evaluations, tmp_path):
    draw(tmp_path / "a.png", "", evaluations=evaluations)
    assert (tmp_path / "a.png").stat().st_size > 0


def test_says_what_is_missing(folder, monkeypatch):
    for name in [name for name in sys.modules if name.startswith("matplotlib")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    text = draw_run(folder)
    assert text.startswith("There is no picture of the learning curve. This needs")
    assert 'pip install "rltools[ppo]"' in text
    assert "\n" not in text


def test_a_disk_that_is_full_is_told(folder, monkeypatch):
    (folder / "learning_curve.png").write_text("old")
    (folder / "learning_curve.png.new").symlink_to("/dev/full")
    assert "No space left on device" in draw_run(folder)
    # By name, as reading that device has no end.
    assert [each.name for each in folder.glob("learning*")] == ["learning_curve.png"]
    assert (folder / "learning_curve.png").read_text() == "old"
