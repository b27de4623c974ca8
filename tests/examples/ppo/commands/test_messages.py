import logging

import gymnasium as gym
import pytest

from examples.ppo.commands import messages
from examples.ppo.commands.stopping import Stopped
from rltools.errors import BatchError, CheckpointError, ResetNeededError


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "some logs" / "20260101T000000-pendulum"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def command(folder):
    return f"train --logdir='{folder.parent}' --timestamp=20260101T000000 --option\n"


@pytest.mark.parametrize(
    ("interrupt", "expected"),
    [
        (KeyboardInterrupt(), "Stopped by SIGTERM.\n"),
        (Stopped(4096, 4096), "Stopped by SIGTERM at step 4,096, which is saved.\n"),
        (Stopped(5000, 4096), "at step 5,000, saved is step 4,096: the steps since"),
        (Stopped(5000, 0), "before the first checkpoint: all steps will be made again"),
    ],
)
def test_a_stop_is_explained(capsys, folder, command, interrupt, expected):
    messages.print_stop(interrupt, "SIGTERM", folder, " --option")
    output, error = capsys.readouterr()
    assert expected in output
    assert output.endswith(command)
    assert error == ""


def test_a_stop_without_a_folder_has_nothing_to_go_on_with(capsys):
    messages.print_stop(KeyboardInterrupt(), "SIGINT", None)
    assert capsys.readouterr().out == "\nStopped by SIGINT.\n"


@pytest.mark.parametrize("saved", [False, True])
def test_an_error_tells_how_to_go_on_where_something_is_saved(
    capsys, folder, command, saved
):
    if saved:
        (folder / "checkpoints" / "checkpoint-1").mkdir(parents=True)
    messages.print_error(CheckpointError("disk full"), folder, " --option")
    first, *rest = capsys.readouterr().err.splitlines(keepends=True)
    assert first == "error: disk full\n"
    assert len(rest) == saved
    assert all(line.endswith(command) for line in rest)
    assert not (folder / messages.ERROR_FILE).exists()


def test_errors_of_gymnasium_are_plain(capsys, folder):
    messages.print_error(gym.error.NameNotFound("no such task"), folder)
    assert capsys.readouterr().err == "error: no such task\n"


def test_other_errors_leave_a_traceback(capsys, folder):
    error = ValueError("out of fuel")
    messages.print_error(error, folder)
    path = folder / messages.ERROR_FILE
    told = f"error: ValueError: out of fuel\nThe traceback is in {path}\n"
    assert capsys.readouterr().err == told
    assert "ValueError: out of fuel" in path.read_text()


def test_a_traceback_that_cannot_be_written_is_shown(capsys, folder):
    (folder / messages.ERROR_FILE).mkdir()
    messages.print_error(ValueError("out of fuel"), folder)
    error = capsys.readouterr().err
    assert error.count("ValueError: out of fuel") == 2
    assert "The traceback is in" not in error


def test_an_error_without_a_folder(capsys):
    messages.print_error(ValueError("out of fuel"), None)
    assert capsys.readouterr().err == "error: ValueError: out of fuel\n"


@pytest.mark.parametrize(
    ("first", "kind"), [(KeyError("key"), "KeyError: "), (ResetNeededError("a"), "")]
)
def test_errors_of_many_environments_are_told_once(capsys, folder, first, kind):
    error = BatchError("step", {3: first, 4: ValueError("other")})
    messages.print_error(error, folder)
    lines = capsys.readouterr().err.splitlines()
    assert lines[:2] == [
        "error: 2 environments failed, here is what number 3 says.",
        f"{kind}{first}",
    ]
    assert (folder / messages.ERROR_FILE).exists() == bool(kind)


def test_warnings_of_the_library_are_printed_once(capsys, caplog):
    logger = logging.getLogger("rltools.checkpoints")
    with messages.print_warnings():
        logger.warning("Skipped %s.", "checkpoint-3")
        logger.info("Saved.")
    assert not caplog.records  # As of a handler that other libraries put at the root.
    logger.info("Saved.")
    assert capsys.readouterr() == ("", "warning: Skipped checkpoint-3.\n")
    assert not logging.getLogger("rltools").handlers
    assert logging.getLogger("rltools").propagate
