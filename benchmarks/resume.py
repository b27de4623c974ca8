"""Kills the trainer again and again, and checks that nothing of the result changes.

A run is killed (SIGKILL) at random moments, while it starts, trains, writes and saves,
and goes on each time. What it ends with is compared with a run that was left in peace,
to the last bit: all tensors of the last checkpoint, the unreported scores, and the
curves in the TensorBoard files.

    python -m benchmarks.resume --kills 20
"""

import argparse
import dataclasses
import json
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from benchmarks.file_events import FileEvents
from examples.ppo.commands.start_tensorflow import import_tensorflow

ROOT = Path(__file__).parents[1]
SMALL = {
    "num_agents": 2,
    "max_length": 8,
    "update_every": 32,
    "batch_size": 16,
    "update_epochs": 2,
    "eval_every": 64,
    "steps": 64 * 12,
    "eval_agents": 2,
    "eval_episodes": 4,
}
# A process that neither ends nor reaches the moment to be killed at is at fault.
_HARD_LIMIT = 600.0
_MODES = {"both": (True, False), "with": (True,), "without": (False,)}
# Numbered within a process, and no part of the state.
_NAMES_OF_VARIABLES = "_CHECKPOINTABLE_OBJECT_GRAPH"
# What depends on the clock differs between any two runs.
_TIMING = re.compile("second|time|speed")


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What a run has ended with.

    Attributes:
        tensors: Everything in the newest checkpoint, by name.
        curves: (phase, tag, step, value) of all summaries, in the order of the files.
        rest: What the loop keeps, and the names of all checkpoints.
    """

    tensors: dict[str, np.ndarray]
    curves: list[tuple[str, str, int, bytes]]
    rest: dict[str, object]

    def differences(self, other: "Outcome") -> list[str]:
        """Name what is not the same, bit by bit, in another outcome."""
        names = [f"tensor {name}" for name in self.tensors.keys() ^ other.tensors]
        for name in self.tensors.keys() & other.tensors:
            mine, its = self.tensors[name], other.tensors[name]
            if mine.dtype != its.dtype or mine.tobytes() != its.tobytes():
                names.append(f"tensor {name}")
        if self.curves != other.curves:
            names.append(f"curves ({len(self.curves)} and {len(other.curves)} values)")
        names += [key for key in self.rest if self.rest[key] != other.rest[key]]
        return sorted(names)


def read_outcome(folder: Path) -> Outcome:
    """Read what is in the folder of a run, without the code that wrote it."""
    tf = import_tensorflow()
    checkpoints = list((folder / "checkpoints").iterdir())
    newest = max(checkpoints, key=lambda path: int(path.name.rpartition("-")[2]))
    reader = tf.train.load_checkpoint(str(newest / "checkpoint"))
    names = reader.get_variable_to_shape_map().keys() - {_NAMES_OF_VARIABLES}
    content = json.loads((newest / "manifest.json").read_text())["content"]
    return Outcome(
        tensors={name: np.asarray(reader.get_tensor(name)) for name in names},
        curves=list(_read_curves(folder)),
        rest={
            "phases": content["metadata"]["phases"],
            "checkpoints": sorted(path.name for path in checkpoints),
        },
    )


def _read_curves(folder: Path) -> Iterator[tuple[str, str, int, bytes]]:
    tf = import_tensorflow()
    for path in sorted(folder.glob("*/events*")):
        for record in tf.data.TFRecordDataset(str(path)):
            event = tf.compat.v1.Event.FromString(record.numpy())
            for value in event.summary.value:
                array = tf.make_ndarray(value.tensor)
                content = b"" if _TIMING.search(value.tag) else array.tobytes()
                yield path.parent.name, value.tag, event.step, content


class Run:
    """A run of the trainer in a folder of its own, in one process after the other.

    Args:
        logdir: The folder; made with the first process.
        options: Options of the config, by name.
        config: Name of the config.
        workers: Whether environments have processes of their own.
    """

    def __init__(
        self,
        logdir: Path,
        options: dict[str, object],
        *,
        config: str = "pendulum",
        workers: bool = False,
    ) -> None:
        logdir.mkdir(parents=True, exist_ok=True)
        self._logdir = logdir
        self._first = [f"--config={config}"]
        for name, value in options.items():
            self._first += ["--set", f"{name}={json.dumps(value)}"]
        self._always = [f"--logdir={logdir}"]
        self._always += [] if workers else ["--noenv_processes"]

    @property
    def folder(self) -> Path | None:
        """The run's folder, None before there is one with a config."""
        found = [path.parent for path in self._logdir.glob("*/config.json")]
        return found[0] if found else None

    def arguments(self) -> list[str]:
        """Arguments of the next process, which begins the run or goes on with it."""
        if self.folder is None:
            return [*self._always, *self._first]
        return [*self._always, f"--timestamp={self.folder.name.partition('-')[0]}"]

    def start(self) -> subprocess.Popen[str]:
        """Start the next process."""
        return subprocess.Popen(
            [sys.executable, "-m", "examples.ppo.train", *self.arguments()],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )

    def finish(self) -> Outcome:
        """Go on to the end, and read what the run has ended with."""
        process = self.start()
        _, error = process.communicate(timeout=_HARD_LIMIT)
        if process.returncode:
            raise RuntimeError(f"Exit code {process.returncode}: {error}")
        assert self.folder is not None
        return read_outcome(self.folder)

    def kill(self, moment: "Moment") -> str:
        """Start the next process and kill it at a moment.

        Returns:
            What was seen last, or "" if the process has ended before the moment came.
        """
        with FileEvents(self._logdir) as events:
            process = self.start()
            try:
                seen = moment.wait(process, events)
            finally:
                process.kill()
                _, error = process.communicate()
        if process.returncode > 0:
            raise RuntimeError(f"Exit code {process.returncode}: {error}")
        return "" if process.returncode == 0 else seen


@dataclasses.dataclass(frozen=True)
class Moment:
    """When to kill: after some changes of files, and then some time.

    Attributes:
        changes: Number of changes to see.
        since_save: Whether to count from the beginning of a save only.
        seconds: Time to wait after them.
    """

    changes: int
    since_save: bool = False
    seconds: float = 0.0

    @classmethod
    def draw(cls, kind: int, generator: random.Random) -> "Moment":
        """Draw a moment; kinds 0, 1, 2 are in a save, at a write, and at any time."""
        if kind == 0:
            return cls(generator.randint(1, 15), since_save=True)
        if kind == 1:
            return cls(generator.randint(1, 40))
        return cls(generator.randint(0, 1), seconds=generator.uniform(0, 8))

    def wait(self, process: subprocess.Popen[str], events: FileEvents) -> str:
        """Wait for the moment or the end of the process; returns the last change."""
        deadline = time.monotonic() + _HARD_LIMIT
        seen, last, in_save = 0, "start", not self.since_save
        while seen < self.changes:
            if process.poll() is not None:
                return last
            if time.monotonic() > deadline:
                raise TimeoutError(f"The moment never came; last was {last}.")
            for kind, path in events.wait(0.1):
                in_save = in_save or path.name.startswith(".partial-")
                if in_save and seen < self.changes:
                    seen += 1
                    last = f"{kind} {_short(path)}"
        try:
            process.wait(self.seconds)
        except subprocess.TimeoutExpired:
            last += f" + {self.seconds:.1f} s"
        return last


def _short(path: Path) -> str:
    name = re.sub(r"events\.out\..*", "events", path.name)
    return f"{path.parent.name}/{name}" if name[0].isalpha() else name


def main(arguments: Sequence[str] | None = None) -> int:
    """Kill as told by the command line.

    Returns:
        The exit code: 1 if any outcome was not the expected one, else 0.
    """
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--kills", type=int, default=20, help="with workers and without"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    parser.add_argument("--workers", choices=_MODES, default="both")
    parser.add_argument("--config", default="pendulum")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
    known = parser.parse_args(arguments)
    options: dict[str, object] = dict(SMALL)
    for name, _, value in (each.partition("=") for each in known.set):
        options[name] = json.loads(value)
    generator = random.Random(known.seed)
    failures = kills = in_saves = 0
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        logdir = Path(folder)
        expected = Run(logdir / "expected", options, config=known.config).finish()
        print(
            f"An uninterrupted run: {len(expected.tensors)} tensors, "
            f"{len(expected.curves)} values in curves"
        )
        print(f"{'workers':8} {'kill':>4}  {'last change before it':42} result")
        for workers in _MODES[known.workers]:
            number, done = 0, 0
            while done < known.kills:
                number += 1
                place = logdir / f"{workers}-{number}"
                run = Run(place, options, config=known.config, workers=workers)
                while done < known.kills:
                    seen = run.kill(Moment.draw(done % 3, generator))
                    if not seen:
                        break
                    done += 1
                    kills += 1
                    in_saves += any(place.glob("*/checkpoints/.[op]*"))
                    print(f"{workers!s:8} {done:>4}  {seen:42}", flush=True)
                different = expected.differences(run.finish())
                failures += bool(different)
                result = f"DIFFERENT: {', '.join(different)}" if different else "same"
                print(f"{workers!s:8} {'end':>4}  {'':42} {result} bits", flush=True)
    print(
        f"{kills} kills, {in_saves} of them left half a save: {failures} runs with "
        f"another outcome, {time.monotonic() - started:.0f} s"
    )
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
