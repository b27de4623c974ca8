"""A folder that is there as a whole or not at all."""

import contextlib
import os
import pathlib
import shutil
from collections.abc import Iterator

from rltools.errors import ConfigError

# Lists all other files of a folder that may be replaced.
MARK = ".files"


def check_output_folder(outdir: pathlib.Path) -> bool:
    """Check that a folder can be written without losing what a user keeps there.

    Args:
        outdir: The folder.

    Returns:
        Whether it holds what `output_folder` has written earlier.

    Raises:
        ConfigError: It holds something else, or is a file.
    """
    try:
        names = {path.name for path in outdir.iterdir()}
        written = set()
        if MARK in names:
            written = {MARK, *(outdir / MARK).read_text().splitlines()}
    except FileNotFoundError:
        return False
    except OSError as error:
        raise ConfigError(
            f"Can't write to {str(outdir)!r}: {error.strerror}."
        ) from error
    if others := names - written:
        raise ConfigError(
            f"The folder {str(outdir)!r} holds other files, such as {min(others)!r}; "
            "choose a new or empty one."
        )
    return bool(names)


@contextlib.contextmanager
def output_folder(outdir: pathlib.Path) -> Iterator[pathlib.Path]:
    """Make a folder aside, which takes its place when all is written.

    Args:
        outdir: The folder; if it was written in this way earlier, all of it is
            replaced.

    Yields:
        The folder to write to. It is removed if an exception is raised.

    Raises:
        ConfigError: See `check_output_folder`; or the folder can't be made.
    """
    outdir = outdir.resolve()
    check_output_folder(outdir)
    partial = outdir.with_name(f".{outdir.name}.partial-{os.getpid()}")
    old = outdir.with_name(f".{outdir.name}.old-{os.getpid()}")
    try:
        outdir.parent.mkdir(parents=True, exist_ok=True)
        partial.mkdir()
    except OSError as error:
        raise ConfigError(
            f"Can't write to {str(outdir)!r}: {error.strerror}."
        ) from error
    try:
        yield partial
        names = sorted(path.name for path in partial.iterdir())
        (partial / MARK).write_text("\n".join(names))
        # Somebody may have put something there meanwhile.
        if check_output_folder(outdir):
            outdir.rename(old)
        try:
            partial.rename(outdir)
        except BaseException:
            if old.exists():
                old.rename(outdir)
            raise
        shutil.rmtree(old, ignore_errors=True)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
