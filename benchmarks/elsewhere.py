"""Runs a function by another Python, whose packages are not those of this one.

The function is named, and its arguments and result are JSON: the two Pythons need not
agree on anything but this folder. As in `rltools.bench.apart`, the process is a fresh
one, and neither a crash nor what it leaves behind does harm.
"""

import importlib
import json
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

from rltools.bench.apart import Outcome, arm, attempt, run_session

_HERE = Path(__file__).resolve().parent.parent
_BOOT = (
    "import sys; sys.path.insert(0, {here!r}); "
    "from benchmarks.elsewhere import main; main({folder!r}, {read_end})"
)


def run_elsewhere(
    python: str, function: str, arguments: dict[str, Any], *, seconds: float
) -> Outcome:
    """Call a function by another Python, and wait for it.

    Args:
        python: The interpreter.
        function: `module:name`. It is called with the arguments by name, and with
            `launched`, the `time.monotonic()` at which its process was started.
        arguments: JSON values by name.
        seconds: How long it may take, from the start of the process to its end.

    Returns:
        The outcome. Nothing that the function does is raised here.
    """
    if shutil.which(python) is None:
        return Outcome(problem=f"there is no {python}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)

        def command(read_end: int) -> list[str]:
            job = [function, arguments | {"launched": time.monotonic()}]
            (folder / "job").write_text(json.dumps(job), encoding="utf-8")
            here = str(_HERE)
            return [
                python,
                "-c",
                _BOOT.format(here=here, folder=name, read_end=read_end),
            ]

        end = run_session(command, folder, seconds=seconds)
        if end.problem is not None:
            return end
        text = (folder / "outcome").read_text(encoding="utf-8")
        value, problem = json.loads(text)
        return Outcome(value, problem, end.left_behind)


def main(folder: str, read_end: int) -> None:
    """What runs in the new process."""
    arm(read_end)
    text = Path(folder, "job").read_text(encoding="utf-8")
    outcome = attempt(lambda: _call(*json.loads(text)))
    result = json.dumps([outcome.value, outcome.problem])
    Path(folder, "outcome").write_text(result, encoding="utf-8")


def _call(function: str, arguments: dict[str, Any]) -> Any:
    module, _, name = function.partition(":")
    return getattr(importlib.import_module(module), name)(**arguments)
