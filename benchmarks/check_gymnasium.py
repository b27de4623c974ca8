"""Checks every environment that Gymnasium registers and that is installed here.

    python -m benchmarks.check_gymnasium
    MUJOCO_GL=egl python -m benchmarks.check_gymnasium Ant-v5 CartPole-v1

All options of `check_env` have their defaults. MuJoCo's environments need a graphics
library to render, such as EGL, or `--exclude L3`.
"""

import argparse
import functools
import time
import warnings
from collections.abc import Sequence

import gymnasium as gym

from rltools.checks import Report, check_env

_NOT_INSTALLED = (ImportError, gym.error.Error, AttributeError)


def check(name: str, exclude: Sequence[str]) -> Report | None:
    """Check an environment; None if it can't be made here."""
    make = functools.partial(gym.make, name)
    try:
        make().close()
    except _NOT_INSTALLED:
        return None
    return check_env(make, exclude=exclude)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="which ones; all of them")
    parser.add_argument("--exclude", nargs="+", default=[], help="checks not to run")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    checked, missing, failures = 0, [], 0
    print(f"{'environment':32}{'passed':>8}{'failed':>8}{'skipped':>9}{'time':>9}")
    for name in options.names or sorted(gym.registry):
        begin = time.perf_counter()
        report = check(name, options.exclude)
        if report is None:
            missing.append(name)
            continue
        checked += 1
        failures += bool(report.failed)
        seconds = time.perf_counter() - begin
        counts = [len(part) for part in (report.passed, report.failed, report.skipped)]
        print(
            f"{name:32}{counts[0]:8}{counts[1]:8}{counts[2]:9}{seconds:7.1f} s",
            flush=True,
        )
        for result in (*report.failed, *report.skipped):
            reason = result.reason.splitlines()[0]
            print(f"    {result.name} {result.outcome}: {reason}", flush=True)
    print(f"{checked} checked, {failures} of them fail a check")
    print(f"not installed here: {', '.join(missing) or 'none'}")


if __name__ == "__main__":
    main()
