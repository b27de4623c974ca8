"""Runs the training command many times, side by side; see also `ppo_runs_on_ray`."""

import dataclasses
import os
import pathlib
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Any, NamedTuple

from benchmarks.ppo_results import Outcome
from examples.ppo.reports.curves import Curve, read_run
from rltools.errors import RLToolsError

COMMAND = (sys.executable, "-m", "examples.ppo.train")
_ROOT = pathlib.Path(__file__).parents[1]
_FIRST_LINE = "Training "
NUM_LAST_LINES = 12
SECONDS_TO_END = 10.0


class Job(NamedTuple):
    """A run to make.

    Attributes:
        config: Name of its config.
        seed: Its seed.
        logdir: Where its folder goes, as an absolute path, and what the command says:
            to `<logdir>/<config>-<seed>.txt`.
        arguments: Further arguments of the command.
        command: What to run, that of users by default.
    """

    config: str
    seed: int
    logdir: str
    arguments: tuple[str, ...] = ()
    command: tuple[str, ...] = COMMAND


class Stopper:
    """Ends processes of several threads from another one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._processes: list[subprocess.Popen[str]] = []
        self._stopped = False

    def add(self, process: "subprocess.Popen[str]") -> None:
        """Note a process, which is ended at once if that has been asked for."""
        with self._lock:
            self._processes.append(process)
            if self._stopped:
                process.terminate()

    def stop(self) -> None:
        """End all processes, also those that are added later."""
        with self._lock:
            self._stopped = True
            for process in self._processes:
                process.terminate()
        for process in self._processes:
            end(process)


def end(process: "subprocess.Popen[str]") -> None:
    """Ask a process to end, and end it if it does not."""
    process.terminate()
    try:
        process.wait(SECONDS_TO_END)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def run_job(job: Job, started: Callable[[Any], None] | None = None) -> Outcome:
    """Make a run in a process of its own and wait for its end.

    Args:
        job: The run.
        started: Called with the process.

    Returns:
        The outcome, whether the command succeeded or not.
    """
    command = [
        *job.command,
        *(f"--logdir={job.logdir}", f"--config={job.config}", f"--seed={job.seed}"),
        *job.arguments,
    ]
    begin = time.perf_counter()
    first_output = 0.0
    folder = None
    last_lines = deque[str](maxlen=NUM_LAST_LINES)
    output = pathlib.Path(job.logdir, f"{job.config}-{job.seed}.txt")
    with (
        output.open("w", encoding="utf-8") as file,
        subprocess.Popen(
            command,
            cwd=_ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        ) as process,
    ):
        try:
            if started is not None:
                started(process)
            assert process.stdout is not None
            for line in process.stdout:
                first_output = first_output or time.perf_counter() - begin
                if line.startswith(_FIRST_LINE) and folder is None:
                    folder = pathlib.Path(line.rpartition(" in ")[2].strip()).name
                last_lines.append(line.rstrip())
                file.write(line)
                file.flush()
            exit_code = process.wait()
        except BaseException:
            end(process)
            raise
    outcome = Outcome(
        config=job.config,
        seed=job.seed,
        exit_code=exit_code,
        seconds=time.perf_counter() - begin,
        first_output=first_output,
        folder=folder,
        last_lines=tuple(last_lines) if exit_code else (),
    )
    return outcome if exit_code else _add_result(outcome, job.logdir)


def _add_result(outcome: Outcome, logdir: str) -> Outcome:
    """Read the score and the curves of a run from its folder."""
    try:
        run = read_run(pathlib.Path(logdir, outcome.folder or ""))
    except (RLToolsError, OSError) as error:
        return dataclasses.replace(outcome, exit_code=1, last_lines=(str(error),))
    if not run.is_finished:
        lines = (f"{outcome.folder} has no evaluation at step {run.config.steps}.",)
        return dataclasses.replace(outcome, exit_code=1, last_lines=lines)

    def plain(curve: Curve) -> dict[str, list[float]]:
        return {"steps": curve.steps.tolist(), "scores": curve.values.tolist()}

    return dataclasses.replace(
        outcome,
        env=run.config.env,
        steps=run.config.steps,
        score=run.final_score,
        std=run.final_std,
        curves={"eval": plain(run.eval_score), "train": plain(run.train_score)},
    )


def run_here(jobs: Sequence[Job], *, side_by_side: int) -> Iterator[Outcome]:
    """Make runs on this machine and yield their outcomes as they come.

    Whatever still runs when the iterator is closed, or interrupted, is ended.

    Args:
        jobs: The runs.
        side_by_side: How many of them at the same time.
    """
    stopper = Stopper()
    with ThreadPoolExecutor(side_by_side) as pool:
        futures = [pool.submit(run_job, job, stopper.add) for job in jobs]
        try:
            for future in as_completed(futures):
                yield future.result()
        finally:
            for future in futures:
                future.cancel()
            stopper.stop()
