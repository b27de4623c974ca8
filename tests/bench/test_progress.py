from rltools.bench.progress import progress


def test_shows_nothing_without_a_terminal(capsys):
    with progress() as report:
        report("first")
    assert capsys.readouterr() == ("", "")


def test_each_line_takes_the_place_of_the_one_before(capsys, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    with progress() as report:
        report("first")
        report("second")
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "\r\033[Kfirst\r\033[Ksecond\r\033[K"
