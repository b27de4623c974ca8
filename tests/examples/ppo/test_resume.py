"""Killed at any moment, a run goes on to the very bits of one that was not.

`benchmarks/resume.py` does so many times more, and at random moments.
"""

import os
import shutil
import signal
import time

import pytest

from benchmarks.file_events import FileEvents
from benchmarks.resume import SMALL, Run, read_outcome
from examples.ppo import train as train_module

pytestmark = [pytest.mark.timeout(900), pytest.mark.slow]
OPTIONS = SMALL | {"steps": 64 * 3, "policy_layers": [4], "value_layers": [4]}
HARD_LIMIT = 600


def go_on(logdir):
    """Resume in this process; returns the exit code."""
    return train_module.run(Run(logdir, OPTIONS).arguments())


def wait_for(events, process, is_it):
    """Wait for a change of a file that a function knows."""
    deadline = time.monotonic() + HARD_LIMIT
    while time.monotonic() < deadline and process.poll() is None:
        if any(is_it(kind, path) for kind, path in events.wait(1)):
            return
    pytest.fail("What was waited for did not happen.")


def copy_of(logdir, process, name):
    """What a kill would leave now, while the process is stopped."""
    process.send_signal(signal.SIGSTOP)
    os.waitpid(process.pid, os.WUNTRACED)
    copy = logdir.parent / name
    shutil.copytree(logdir, copy)
    process.send_signal(signal.SIGCONT)
    return copy


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    logdir = tmp_path_factory.mktemp("expected")
    assert go_on(logdir) == 0
    outcome = read_outcome(Run(logdir, OPTIONS).folder)
    assert len(outcome.tensors) > 20
    assert len(outcome.curves) > 50
    return outcome


@pytest.fixture(scope="module")
def killed(tmp_path_factory):
    """Folders as they are after kills: while saving, while training, while saving."""
    logdir = tmp_path_factory.mktemp("killed") / "save"
    run = Run(logdir, OPTIONS, workers=True)
    with FileEvents(logdir) as events:
        process = run.start()
        try:
            wait_for(
                events, process, lambda kind, path: path.name.startswith(".partial-")
            )
            first = copy_of(logdir, process, "first save")
            wait_for(events, process, lambda kind, path: path.name == "checkpoint-96")
            wait_for(events, process, lambda kind, path: path.parent.name == "train")
            training = copy_of(logdir, process, "training")
            wait_for(events, process, lambda kind, path: path.name == ".partial-192")
        finally:
            process.kill()
            _, error = process.communicate()
    assert process.returncode == -signal.SIGKILL, error
    assert not list(first.glob("*/checkpoints/checkpoint-*"))
    assert len(list(training.glob("*/checkpoints/checkpoint-96"))) == 1
    return {"first save": first, "training": training, "save": logdir}


def assert_same(logdir, expected):
    folder = Run(logdir, OPTIONS).folder
    assert expected.differences(read_outcome(folder)) == []


def test_killed_during_the_first_save(killed, expected, capsys):
    assert go_on(killed["first save"]) == 0
    assert_same(killed["first save"], expected)
    assert "Going on" not in capsys.readouterr().out


def test_killed_while_training_beside_a_foreign_checkpoint(killed, expected, capsys):
    [checkpoints] = killed["training"].glob("*/checkpoints")
    foreign = checkpoints / "checkpoint-9999"
    foreign.mkdir()
    (foreign / "checkpoint.index").write_text("of another program")
    assert go_on(killed["training"]) == 0
    output, error = capsys.readouterr()
    assert "\nGoing on from step 64\n" in output
    reason = "its manifest.json can't be read (No such file or directory)"
    assert error == f"warning: Skipped checkpoint {foreign}: {reason}.\n"
    shutil.rmtree(foreign)
    assert_same(killed["training"], expected)


def test_killed_during_a_save(killed, expected, capsys):
    assert go_on(killed["save"]) == 0
    assert "\nGoing on from step 64\n" in capsys.readouterr().out
    assert_same(killed["save"], expected)
