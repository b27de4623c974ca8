import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import start_up

pytestmark = pytest.mark.timeout(120)
ROOT = Path(__file__).parents[2]


def test_both_tables(capsys, monkeypatch):
    # TensorFlow alone takes longer than all the rest.
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    start_up.main(["--workers", "2", "--rounds", "1"])
    output = capsys.readouterr().out
    assert "2 workers ready, started beside nothing" in output
    for words in ("rltools", "gymnasium-async", "bare Python", "at most 2 s", "10 MB"):
        assert words in output


def test_unique_memory_is_what_is_written_to():
    """In a process of its own: what else one holds may be freed meanwhile."""
    code = (
        "import os; from benchmarks.start_up import unique_megabytes\n"
        "before = unique_megabytes(os.getpid())\n"
        "block = bytearray(os.urandom(1)) * 50_000_000\n"
        "print(unique_megabytes(os.getpid()) - before)\n"
    )
    output = subprocess.check_output([sys.executable, "-c", code], cwd=ROOT)
    grown = float(output)
    assert 45 < grown < 60
