import subprocess
import sys

import pytest

from rltools.bench.session import Session

LEAVE = "import subprocess; print(subprocess.Popen(['sleep', '600']).pid)"


@pytest.fixture
def output(tmp_path):
    with (tmp_path / "output").open("w+b") as file:
        yield file


def test_exit_code_and_output(output):
    session = Session([sys.executable, "-c", "print('x'); exit(3)"], output=output)
    assert session.wait(30)
    assert session.exit_code == 3
    assert session.end() == 0
    output.seek(0)
    assert output.read() == b"x\n"


def test_a_process_that_goes_on_is_ended(output):
    session = Session(["sleep", "600"], output=output)
    assert not session.wait(0.01)
    [pid] = session.members()
    assert session.end() == 0
    assert session.members() == []
    assert session.exit_code == -9
    assert subprocess.run(["kill", "-0", str(pid)], capture_output=True).returncode


def test_whom_it_left_behind_is_ended_also_in_other_groups(output):
    leave = LEAVE.replace("]).pid", "], process_group=0).pid")
    session = Session([sys.executable, "-c", leave], output=output)
    assert session.wait(30)
    assert session.end() == 1
    assert session.members() == []


def test_ending_twice(output):
    session = Session(["true"], output=output)
    assert session.wait(30)
    assert (session.end(), session.end()) == (0, 0)
