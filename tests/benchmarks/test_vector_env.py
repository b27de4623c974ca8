import json

import pytest

from benchmarks import vector_env
from benchmarks.figures import format_machine, read_figures, write_figures
from benchmarks.vector_contenders import PACKAGES
from rltools.bench.comparison import Comparison, Row
from rltools.bench.machine import describe_machine
from rltools.bench.measurement import Measurement

SHORT = "--rounds 2 --seconds 0.01 --envs 2"
pytestmark = pytest.mark.timeout(120)


def test_measures_prints_and_writes_everything(tmp_path, capsys):
    path = tmp_path / "figures.json"
    chosen = "--contenders gymnasium-sync envpool plain-loop --workloads null image"
    vector_env.main([*SHORT.split(), *chosen.split(), "--json", str(path)])
    machine, comparisons = read_figures(path)
    assert [each.workload for each in comparisons] == ["null", "image"]
    output = capsys.readouterr().out
    assert format_machine(machine) in output
    for comparison in comparisons:
        assert comparison.num_envs == 2
        assert {row.contender for row in comparison.rows} == {
            "gymnasium-sync",
            "envpool",
            "plain-loop",
        }
        for row in comparison.rows:
            assert row.contender in output
            assert (row.problem is None) == (len(row.measurements) == 2)


def test_figures_round_trip(tmp_path):
    measurements = (Measurement(3, 0.1, 0.2, "a note"), Measurement(4, 0.3, 0.4))
    rows = (Row("a", measurements), Row("b", (), "not installed"))
    comparisons = [Comparison("w", n, 0.5, rows) for n in (8, 32)]
    machine = describe_machine(PACKAGES)
    write_figures(tmp_path / "figures.json", machine, comparisons)
    assert read_figures(tmp_path / "figures.json") == (machine, comparisons)
    assert [path.name for path in tmp_path.iterdir()] == ["figures.json"]
    json.loads((tmp_path / "figures.json").read_text())


@pytest.mark.parametrize(
    "options", ["--workloads nope", "--contenders nope", "--envs 0", "--seconds x"]
)
def test_bad_options(options, capsys):
    with pytest.raises(SystemExit) as caught:
        vector_env.main(options.split())
    assert caught.value.code == 2
    assert options.split()[-1] in capsys.readouterr().err


def test_machine_in_words():
    machine = describe_machine(["numpy"])
    machine["packages"]["nope"] = None
    assert f"numpy {machine['packages']['numpy']}" in format_machine(machine)
    assert "nope" not in format_machine(machine)
