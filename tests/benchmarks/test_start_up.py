import importlib.util
import os

import pytest

from benchmarks import start_up

pytestmark = pytest.mark.timeout(120)


def test_both_tables(capsys, monkeypatch):
    # TensorFlow alone takes longer than all the rest.
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    start_up.main(["--workers", "2", "--rounds", "1"])
    output = capsys.readouterr().out
    assert "2 workers ready, started beside nothing" in output
    for words in ("rltools", "gymnasium-async", "bare Python", "at most 2 s", "10 MB"):
        assert words in output


def test_unique_memory_is_what_is_written_to():
    before = start_up.unique_megabytes(os.getpid())
    block = bytearray(os.urandom(1)) * 50_000_000
    grown = start_up.unique_megabytes(os.getpid()) - before
    del block
    assert 45 < grown < 60
