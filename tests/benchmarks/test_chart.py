import pytest

from benchmarks import chart
from benchmarks.figures import write_figures
from rltools.bench.comparison import Comparison, Row
from rltools.bench.machine import describe_machine
from rltools.bench.measurement import Measurement

pytest.importorskip("matplotlib")


def compare(workload, num_envs, **rates):
    rows = [
        Row(name, tuple(Measurement(rate, 1, 0) for rate in values))
        for name, values in rates.items()
    ]
    return Comparison(workload, num_envs, 1.0, (*rows, Row("absent", (), "not there")))


COMPARISONS = [
    compare(workload, num_envs, rltools=[100, 120], gymnasium=[50], limit=[fastest])
    for workload, fastest in (("null", 10**6), ("cartpole", 130), ("image", 1))
    for num_envs in (8, 32)
]


@pytest.mark.parametrize("count", [1, 2, 6])
def test_draws(count, tmp_path):
    path = tmp_path / "chart.png"
    chart.draw(COMPARISONS[:count], path, subtitle="a machine")
    assert path.read_bytes().startswith(b"\x89PNG")


def test_what_is_drawn(tmp_path):
    path = tmp_path / "chart.svg"
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(__import__("matplotlib").rcParams, "svg.fonttype", "none")
        chart.draw(COMPARISONS, path, subtitle="a machine of two cores")
    text = path.read_text()
    for words in ("null", "cartpole", "image", "rltools", "110 (8 envs)", "two cores"):
        assert words in text
    assert "absent" not in text


def test_draws_without_any_figure(tmp_path):
    chart.draw([compare("null", 8)], tmp_path / "chart.png", subtitle="")


def test_draws_figures_of_an_earlier_run(tmp_path):
    figures, picture = tmp_path / "figures.json", tmp_path / "chart.png"
    write_figures(figures, describe_machine([]), COMPARISONS)
    chart.main([str(figures), str(picture)])
    assert picture.stat().st_size
