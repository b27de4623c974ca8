"""Runs a function in a fresh process that nothing before has touched.

A measurement that runs apart can't be slowed by what an earlier one has left: threads,
memory, processes that spin while they idle. Nor can one that crashes or hangs end the
program, or leave a process behind.
"""

import os
import pickle
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from rltools.bench.session import Session
from rltools.errors import RLToolsError
from rltools.process import lifeline
from rltools.process.protocol import dumps_by_value

_BOOT = (
    "import sys; sys.path[:] = {path!r}; "
    "from rltools.bench.apart import main; main({folder!r}, {read_end})"
)


class Outcome(NamedTuple):
    """What came of a function that ran apart.

    Attributes:
        value: What it returned.
        problem: One line that says why it returned nothing, or None.
        left_behind: How many processes it started and did not end; they are killed.
    """

    value: Any = None
    problem: str | None = None
    left_behind: int = 0


def run_apart(function: Callable[..., Any], *arguments: Any, seconds: float) -> Outcome:
    """Call a function in a process of its own, and wait for it.

    Args:
        function: Anything that cloudpickle takes.
        *arguments: Its arguments, likewise.
        seconds: How long it may take, from the start of the process to its end.

    Returns:
        The outcome. Nothing that the function does is raised here.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "job").write_bytes(dumps_by_value((function, arguments)))

        def command(read_end: int) -> list[str]:
            path = [os.path.abspath(entry) for entry in sys.path]
            code = _BOOT.format(path=path, folder=name, read_end=read_end)
            return [sys.executable, "-c", code]

        end = run_session(command, folder, seconds=seconds)
        if end.problem is not None:
            return end
        outcome = pickle.loads((folder / "outcome").read_bytes())
        return outcome._replace(left_behind=end.left_behind)


def run_session(
    command: Callable[[int], list[str]], folder: Path, *, seconds: float
) -> Outcome:
    """Run a program that leaves a file `outcome` in a folder, and nothing else.

    Args:
        command: The program and its arguments, for the descriptor of a lifeline, which
            the program should arm: see `rltools.process.lifeline`.
        folder: Where the file is to be, and where `output` is put: all that it prints.
        seconds: How long it may take.

    Returns:
        An outcome without a value.
    """
    read_end, write_end = os.pipe()
    try:
        with (folder / "output").open("wb") as output:
            session = Session(command(read_end), output=output, pass_fds=[read_end])
        try:
            in_time = session.wait(seconds)
        finally:
            left_behind = session.end()
    finally:
        os.close(read_end)
        os.close(write_end)
    if not in_time:
        return Outcome(problem=f"not over within {seconds:g} s")
    if (folder / "outcome").exists():
        return Outcome(left_behind=left_behind)
    return Outcome(problem=_describe_end(session.exit_code, folder / "output"))


def main(folder: str, read_end: int) -> None:
    """What runs in the new process."""
    arm(read_end)
    job = Path(folder, "job").read_bytes()
    outcome = attempt(lambda: _call(*pickle.loads(job)))
    Path(folder, "outcome").write_bytes(pickle.dumps(outcome))


def arm(read_end: int) -> None:
    """End this process with the one that started it, but not with its children."""
    lifeline.arm(read_end)
    os.set_inheritable(read_end, False)


def attempt(function: Callable[[], Any]) -> Outcome:
    """Call a function; what it raises becomes one line."""
    try:
        return Outcome(function())
    except RLToolsError as error:
        return Outcome(problem=_one_line(str(error)))
    except (Exception, SystemExit) as error:
        return Outcome(problem=_one_line(f"{type(error).__name__}: {error}"))


def _call(function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    return function(*arguments)


def _one_line(text: str) -> str:
    """What a message says; of a traceback, what it ends with."""
    lines = [line.strip() for line in text.splitlines() if line.strip()] or [""]
    return (
        f"{lines[0]} {lines[-1]}" if lines[0].endswith(":") and lines[1:] else lines[0]
    )


def _describe_end(exit_code: int | None, output: Path) -> str:
    lines = output.read_text(errors="replace").split("\n")
    last = next((line for line in reversed(lines) if line.strip()), "no output")
    return f"its process ended with exit code {exit_code} ({_one_line(last)})"
