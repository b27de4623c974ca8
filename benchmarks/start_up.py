"""How long workers take to start, and how much memory each has to itself.

    python -m benchmarks.start_up

Workers are started from a process that has imported TensorFlow, if it is installed, as
programs that train have. The clock runs until every environment has been reset. The
memory of a worker is what it shares with no other process, compared with that of a
Python that has imported NumPy and Gymnasium, with as many threads, at the same time.
"""

import argparse
import contextlib
import importlib
import importlib.util
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.vector_workloads import WORKLOADS
from rltools import BatchEnv
from rltools.bench import option_types
from rltools.bench.apart import run_apart
from rltools.bench.contender import BatchContender, Task
from rltools.bench.target import load_constructor
from rltools.bench.vector_envs import GymnasiumAsync, Launched

WANTED_SECONDS = 2.0
WANTED_MEGABYTES = 10.0
_BARE = "import numpy, gymnasium; print(flush=True); input()"
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_SECONDS_LIMIT = 120.0


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--workers", type=option_types.count, default=8)
    parser.add_argument("--rounds", type=option_types.count, default=5)
    options = parser.parse_args(arguments)
    compare_times(options.workers, options.rounds)
    compare_memory(options.workers)


def compare_times(workers: int, rounds: int) -> None:
    contenders: list[BatchContender] = [
        Launched("rltools", "rltools.batch_env", workers),
        GymnasiumAsync("gymnasium-async", "gymnasium.vector"),
    ]
    parent = [name for name in ("tensorflow",) if importlib.util.find_spec(name)]
    times: dict[str, list[float]] = {one.name: [] for one in contenders}
    task = Task(WORKLOADS["null"], workers, [], seconds=0.0)
    for _ in range(rounds):
        for one in contenders:
            outcome = run_apart(time_start, one, task, parent, seconds=_SECONDS_LIMIT)
            if outcome.problem is not None:
                sys.exit(f"{one.name}: {outcome.problem}")
            times[one.name].append(outcome.value)
    title = f"{workers} workers ready, started beside {' '.join(parent) or 'nothing'}"
    print(f"{title} (median of {rounds} rounds)")
    for name, values in times.items():
        print(f"  {name:<16} {statistics.median(values):6.2f} s   {_spread(values)}")
    print(_judge("rltools", statistics.median(times["rltools"]), WANTED_SECONDS, "s"))


def time_start(contender: BatchContender, task: Task, modules: Sequence[str]) -> float:
    """Seconds from nothing to reset environments, in a process with these modules."""
    for module in (*modules, contender.module):
        importlib.import_module(module)
    started = time.perf_counter()
    opened = contender.open(task)
    seconds = time.perf_counter() - started
    opened.close()
    return seconds


def compare_memory(workers: int) -> None:
    outcome = run_apart(measure_memory, workers, seconds=_SECONDS_LIMIT)
    if outcome.problem is not None:
        sys.exit(outcome.problem)
    bare, own = outcome.value
    print("Memory that a process shares with no other")
    print(f"  {'bare Python':<16} {bare:6.1f} MB")
    print(f"  {'worker':<16} {statistics.median(own):6.1f} MB   {_spread(own)}")
    print(_judge("more", max(own) - bare, WANTED_MEGABYTES, "MB"))


def measure_memory(workers: int) -> tuple[float, list[float]]:
    """Megabytes of a bare Python, and of each of some workers that have stepped."""
    make = load_constructor(WORKLOADS["null"])
    batch = BatchEnv.launch(make, num_envs=workers, workers=workers)
    with contextlib.closing(batch), _bare_python() as bare:
        batch.reset(seed=0)
        for _ in range(100):
            batch.step(batch.action_space.sample())
        return unique_megabytes(bare), [unique_megabytes(i) for i in batch.worker_pids]


@contextlib.contextmanager
def _bare_python() -> Iterator[int]:
    environment = {**os.environ, **dict.fromkeys(_THREADS, "1")}
    with subprocess.Popen(
        [sys.executable, "-c", _BARE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()  # It has imported everything.
        try:
            yield process.pid
        finally:
            process.kill()


def unique_megabytes(pid: int) -> float:
    """What would be freed if this process ended: its unique set size."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    kibibytes = (int(line.split()[1]) for line in lines if line.startswith("Private_"))
    return sum(kibibytes) * 1024 / 1e6


def _spread(values: Sequence[float]) -> str:
    return f"({min(values):.2f} to {max(values):.2f})"


def _judge(name: str, value: float, wanted: float, unit: str) -> str:
    verdict = "as wanted" if value <= wanted else "NOT as wanted"
    return f"  {name}: {value:.2f} {unit}, {verdict} (at most {wanted:g} {unit})"


if __name__ == "__main__":
    main()
