"""How long strategies take to draw one value.

    python -m benchmarks.strategies

Each value is drawn by Hypothesis itself, as for a test; what counts is the processor
time of the draw alone. The median over all draws is printed, and what nine tenths of
them stay below.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from gymnasium import spaces as gym_spaces
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from rltools import strategies
from rltools.bench import option_types

WANTED_MILLISECONDS = 5.0
BOX = gym_spaces.Box(-1, 1, (3,), np.float32)
# Ten leaves of all kinds of arrays, as a robot with a camera may have.
TEN_LEAVES = gym_spaces.Dict(
    camera=gym_spaces.Box(0, 255, (84, 84, 3), np.uint8),
    arm=gym_spaces.Dict(position=BOX, velocity=BOX, force=BOX),
    gripper=gym_spaces.MultiBinary(2),
    mode=gym_spaces.Discrete(4),
    joints=gym_spaces.MultiDiscrete([3, 4, 5]),
    goal=gym_spaces.Tuple([BOX, BOX]),
    time=gym_spaces.Box(0, np.inf, (), np.float64),
)
CASES: dict[str, Callable[[], st.SearchStrategy[Any]]] = {
    "element of ten leaves": lambda: strategies.elements(TEN_LEAVES),
    "element of a box": lambda: strategies.elements(BOX),
    "space": strategies.spaces,
    "transition of a box": lambda: strategies.transitions(BOX, BOX),
    "episode of a box": lambda: strategies.episodes(BOX, BOX),
    "environment": strategies.environments,
}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--draws", type=option_types.count, default=300, help="of each")
    options = parser.parse_args(arguments)
    print(
        f"Milliseconds to draw one, over {options.draws} draws   median   nine tenths"
    )
    for name, make in CASES.items():
        times = measure(make(), options.draws)
        median, most = statistics.median(times), _nine_tenths(times)
        print(f"  {name:<44} {median:8.2f}   {most:8.2f}")
        if name == "element of ten leaves":
            verdict = "as wanted" if median < WANTED_MILLISECONDS else "NOT as wanted"
            print(f"    {verdict} (less than {WANTED_MILLISECONDS:g} ms)")


def _nine_tenths(times: list[float]) -> float:
    return sorted(times)[int(0.9 * len(times))]


def measure(strategy: st.SearchStrategy[Any], draws: int) -> list[float]:
    """Milliseconds that each draw took."""
    times = []

    @settings(
        max_examples=draws,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def draw(data: st.DataObject) -> None:
        started = time.thread_time()
        data.draw(strategy)
        times.append(1000 * (time.thread_time() - started))

    draw()
    return times


if __name__ == "__main__":
    main()
