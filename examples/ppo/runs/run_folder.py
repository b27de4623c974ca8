"""Folders of runs: `<logdir>/<timestamp>-<config>/`."""

import contextlib
import datetime
import itertools
import os
import pathlib
from collections.abc import Iterator

from examples.ppo.config import unknown
from rltools.errors import ConfigError

CONFIG_FILE = "config.json"
_FORMAT = "%Y%m%dT%H%M%S"


def create_run_folder(logdir: pathlib.Path, config_name: str) -> pathlib.Path:
    """Make a new folder, named after the present time.

    Args:
        logdir: Where to make it; made too if it doesn't exist.
        config_name: Name of the run's config.

    Raises:
        ConfigError: The folder can't be made.
    """
    now = datetime.datetime.now()
    try:
        logdir.mkdir(parents=True, exist_ok=True)
        # Runs that start within the same second get different stamps.
        for seconds in itertools.count():
            stamp = (now + datetime.timedelta(seconds=seconds)).strftime(_FORMAT)
            folder = logdir / f"{stamp}-{config_name}"
            if any(logdir.glob(f"{stamp}-*")):
                continue
            try:
                folder.mkdir()
            except FileExistsError:
                continue
            return folder
    except OSError as error:
        raise ConfigError(
            f"Can't write to the logdir {str(logdir)!r}: {error.strerror}."
        ) from error
    raise AssertionError("Counting never ends.")


def find_run_folder(
    logdir: pathlib.Path, timestamp: str | None, config_name: str | None
) -> pathlib.Path:
    """Find the folder of an earlier run.

    Args:
        logdir: Where the run was made.
        timestamp: The first part of the folder's name, or None for the newest run.
        config_name: The second part of its name, or None for whatever it is.

    Raises:
        ConfigError: There is none, or several configs have this timestamp.
    """
    folders = {
        path.name: path
        for path in sorted(logdir.glob(f"*-{config_name or '*'}"))
        if path.is_dir()
    }
    if timestamp is None:
        runs = [name for name, path in folders.items() if (path / CONFIG_FILE).exists()]
        if not runs:
            raise ConfigError(f"There are no runs in {str(logdir)!r}.")
        return folders[max(runs)]
    found = [path for name, path in folders.items() if _stamp(name) == timestamp]
    others = [path for path in logdir.glob(f"{timestamp}-*") if path.is_dir()]
    if not found and others:
        raise ConfigError(
            f"The run {timestamp} has the config {others[0].name.partition('-')[2]!r}, "
            f"not {config_name!r}."
        )
    if not found:
        stamps = [_stamp(name) for name in folders]
        raise ConfigError(
            f"In {str(logdir)!r}: {unknown('run', timestamp, stamps)}"
            if stamps
            else f"There are no runs in {str(logdir)!r}."
        )
    if len(found) > 1:
        names = ", ".join(path.name for path in found)
        raise ConfigError(f"Several runs have this timestamp, choose --config: {names}")
    return found[0]


@contextlib.contextmanager
def lock_run_folder(folder: pathlib.Path) -> Iterator[None]:
    """Keep other processes from training in a folder during the block.

    They would write over each other's checkpoints. The lock is one of the system, and
    ends with the process; where the system has none, there is none.

    Args:
        folder: The run's folder.

    Raises:
        ConfigError: Another process trains in it.
    """
    try:
        import fcntl
    except ImportError:
        yield
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ConfigError(
                f"Another process is training in {str(folder)!r}."
            ) from error
        except OSError:
            pass  # A file system without locks.
        yield
    finally:
        os.close(descriptor)


def _stamp(name: str) -> str:
    return name.partition("-")[0]
