"""Does PPO learn: final deterministic evaluations and times, seed by seed.

    python -m benchmarks.ppo_learning --config pendulum --seeds 0 1 2

Every seed is one run of the command that users type, with everything that belongs to
it; the time is that of the whole command.
"""

import argparse
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from typing import NamedTuple


class Result(NamedTuple):
    """Outcome of one run; times in seconds from the start of the command."""

    score: float
    first_output: float
    total: float


def train(config: str, seed: int, extra: Sequence[str]) -> Result:
    """Train once in a process of its own."""
    with tempfile.TemporaryDirectory() as logdir:
        command = [sys.executable, "-m", "examples.ppo.train", f"--logdir={logdir}"]
        started = time.perf_counter()
        process = subprocess.Popen(
            [*command, f"--config={config}", f"--seed={seed}", *extra],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        lines = [process.stdout.readline()]
        first_output = time.perf_counter() - started
        lines.extend(process.stdout)
        if process.wait():
            sys.exit(f"Training failed with exit code {process.returncode}.")
        total = time.perf_counter() - started
    (score,) = re.findall(r"Final evaluation over \d+ episodes: (\S+)", "".join(lines))
    return Result(float(score), first_output, total)


def interquartile_mean(values: Sequence[float]) -> float:
    """Mean without the lowest and the highest quarter of the values."""
    cut = len(values) // 4
    return statistics.mean(sorted(values)[cut : len(values) - cut])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", default="pendulum")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    known, extra = parser.parse_known_args()
    print(f"{known.config}: score is the mean of a deterministic evaluation")
    print(f"{'seed':>6}{'score':>12}{'first output':>16}{'total':>12}", flush=True)
    results = []
    for seed in known.seeds:
        result = train(known.config, seed, extra)
        results.append(result)
        print(
            f"{seed:>6}{result.score:>12.1f}{result.first_output:>14.1f} s"
            f"{result.total:>10.1f} s",
            flush=True,
        )
    scores = [result.score for result in results]
    slowest = max(result.total for result in results)
    print(
        f"mean {statistics.mean(scores):.1f}  std {statistics.pstdev(scores):.1f}  "
        f"interquartile mean {interquartile_mean(scores):.1f}  "
        f"worst {min(scores):.1f}  slowest {slowest:.1f} s"
    )


if __name__ == "__main__":
    main()
