import re

from benchmarks import strategies


def test_a_line_for_each_strategy(capsys):
    strategies.main(["--draws", "3"])
    output = capsys.readouterr().out
    for name in strategies.CASES:
        assert re.search(rf"  {name} +\d+\.\d\d +\d+\.\d\d\n", output)
    assert "as wanted (less than 5 ms)" in output


def test_nine_tenths_are_below():
    times = [float(number) for number in range(100)]
    assert strategies._nine_tenths(times) == 90


def test_as_many_are_drawn_as_asked_for():
    strategy = strategies.CASES["element of a box"]()
    times = strategies.measure(strategy, 20)
    assert len(times) >= 20
    assert all(milliseconds > 0 for milliseconds in times)
