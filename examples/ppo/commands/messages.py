"""What a program tells about its end, in plain words."""

import contextlib
import logging
import os
import pathlib
import shlex
import shutil
import sys
import traceback
from collections.abc import Iterator

import gymnasium as gym

from examples.ppo.commands.stopping import Stopped
from rltools.errors import BatchError, RLToolsError

ERROR_FILE = "error.txt"


class _Warnings(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        print(f"{record.levelname.lower()}: {record.getMessage()}", file=sys.stderr)


@contextlib.contextmanager
def print_warnings() -> Iterator[None]:
    """Print the library's warnings during the block, whoever configures logging."""
    logger = logging.getLogger("rltools")
    handler = _Warnings(logging.WARNING)
    propagate, logger.propagate = logger.propagate, False
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.propagate = propagate


def beside(program: str) -> str:
    """The command for a program that is installed beside this Python.

    Its name will do if that is what the shell finds under it.
    """
    path = pathlib.Path(sys.executable).parent / program
    if not path.exists() or shutil.which(program) == str(path):
        return program
    return shlex.quote(os.path.relpath(path))


def resume_command(folder: pathlib.Path, options: str = "") -> str:
    """The command that goes on with a run.

    Args:
        folder: The run's folder.
        options: Further options, with a space in front.
    """
    stamp = folder.name.partition("-")[0]
    logdir = shlex.quote(str(folder.parent))
    return (
        f"{beside('python')} -m examples.ppo.train --logdir={logdir} "
        f"--timestamp={stamp}{options}"
    )


def print_stop(
    interrupt: KeyboardInterrupt,
    signal: str,
    folder: pathlib.Path | None,
    options: str = "",
) -> None:
    """Tell where a run has stopped, what will be made again, and how to go on.

    Args:
        interrupt: A `Stopped` where training had begun.
        signal: Name of the signal.
        folder: The run's folder, or None if it has none yet.
        options: See `resume_command`.
    """
    lines = [f"Stopped by {signal}."]
    if isinstance(interrupt, Stopped) and interrupt.saved:
        lines = [
            f"Stopped by {signal} at step {interrupt.step:,}, which is saved."
            if interrupt.saved == interrupt.step
            else f"Stopped by {signal} at step {interrupt.step:,}, saved is step "
            f"{interrupt.saved:,}: the steps since then will be made again, with the "
            "same results."
        ]
    elif isinstance(interrupt, Stopped):
        lines = [
            f"Stopped by {signal} at step {interrupt.step:,}, before the first "
            "checkpoint: all steps will be made again, with the same results."
        ]
    if folder:
        lines.append(f"Go on with: {resume_command(folder, options)}")
    print("\n".join(["", *lines]), flush=True)


def print_error(
    error: Exception, folder: pathlib.Path | None, options: str = ""
) -> None:
    """Explain an error, and how to go on where a checkpoint was saved.

    Args:
        error: The error.
        folder: The run's folder, or None if it has none yet.
        options: See `resume_command`.
    """
    kind = "" if _is_plain(error) else f"{type(error).__name__}: "
    text = f"{kind}{error}"
    if isinstance(error, BatchError):
        # Environments are alike, and so is what they have to say.
        index, first = next(iter(error.failures.items()))
        kind = "" if _is_plain(first) else f"{type(first).__name__}: "
        text = (
            f"{len(error.failures)} environments failed, here is what number {index} "
            f"says.\n{kind}{first}"
        )
    print(f"error: {text}", file=sys.stderr)
    if folder and kind:
        _write_traceback(error, folder)
    if folder and any((folder / "checkpoints").glob("checkpoint-*")):
        print(f"Go on with: {resume_command(folder, options)}", file=sys.stderr)


def _is_plain(error: BaseException) -> bool:
    """Whether the message is meant for whoever started the program."""
    return isinstance(error, RLToolsError | gym.error.Error)


def _write_traceback(error: Exception, folder: pathlib.Path) -> None:
    """For an error of an environment in this process, or a mistake in the program."""
    text = "".join(traceback.format_exception(error))
    try:
        (folder / ERROR_FILE).write_text(text)
    except OSError:  # Such as that of a full disk.
        print(text, file=sys.stderr)
    else:
        print(f"The traceback is in {folder / ERROR_FILE}", file=sys.stderr)
