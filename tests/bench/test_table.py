import pytest

from rltools.bench.comparison import Comparison, Row
from rltools.bench.measurement import Measurement
from rltools.bench.table import HEADERS, format_plain, print_comparison

COMPARISON = Comparison(
    "work",
    8,
    1.0,
    (
        Row("ours", tuple(Measurement(n, 1, 0.5, "2 workers") for n in (900, 3000))),
        Row("gymnasium-async", (Measurement(1000, 1, 0.1),)),
        Row("gymnasium-sync", (Measurement(1300, 1, 0.1),), "then [it] died"),
        Row("limit", (Measurement(3900, 1, 0.1),)),
        Row("other", (), "not installed"),
    ),
)


def read(capsys):
    title, headers, *rows = capsys.readouterr().out.splitlines()
    assert rows.pop() == ""
    return title, headers, {row.split()[0]: row for row in rows}


def test_all_contenders_are_there(capsys):
    print_comparison(COMPARISON)
    title, headers, rows = read(capsys)
    assert title == "work, 8 environments"
    assert all(header in headers for header in HEADERS)
    assert list(rows) == [row.contender for row in COMPARISON.rows]


def test_figures(capsys):
    print_comparison(COMPARISON)
    _, _, rows = read(capsys)
    assert rows["ours"].split()[1:] == (
        ["1,950", "900", "3,000", "1.95", "1.50", "50%", "0.50", "s", "2", "workers"]
    )
    assert "then [it] died" in rows["gymnasium-sync"]
    assert rows["other"].split() == ["other", *["-"] * 7, "not", "installed"]


def test_without_references(capsys):
    print_comparison(Comparison("work", 8, 1.0, COMPARISON.rows[:1]))
    _, _, rows = read(capsys)
    assert rows["ours"].split()[4:7] == ["-", "-", "-"]


def test_on_a_terminal_with_rich(capsys, monkeypatch):
    pytest.importorskip("rich")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "200")
    print_comparison(COMPARISON)
    output = capsys.readouterr().out
    for row in COMPARISON.rows:
        assert row.contender in output
    assert "[it]" in output


def test_columns_are_aligned():
    lines = format_plain(["name", "n"], [["a", "100"], ["long name", "1"]], left=[0])
    assert lines == ["name         n", "a          100", "long name    1"]
