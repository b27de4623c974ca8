"""Compares `rltools.nested.map` with optree, dm-tree and tf.nest.

Run as `python -m benchmarks.nested`. Each round times all libraries in turn, so that a
change in the load of the machine reaches all of them; the medians over the rounds are
printed, and how many times longer than `rltools.nested` each of the others takes.
"""

import argparse
import statistics
import timeit
from collections.abc import Callable
from functools import partial
from typing import Any

import optree
import tensorflow as tf
import tree

from rltools import nested

NEST = {"a": 1.0, "b": (2.0, 3.0), "c": {"d": [4.0, 5.0], "e": 6.0}}
LIBRARIES: dict[str, Callable[..., Any]] = {
    "rltools.nested": nested.map,
    "optree": optree.tree_map,
    "dm-tree": tree.map_structure,
    "tf.nest": tf.nest.map_structure,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--calls", type=int, default=2000, help="per round and library")
    options = parser.parse_args()
    compare("map of one nest of six leaves", _negate, (NEST,), options)
    compare("map of two nests of six leaves", _add, (NEST, NEST), options)


def compare(
    title: str,
    function: Callable[..., float],
    structures: tuple[Any, ...],
    options: argparse.Namespace,
) -> None:
    seconds: dict[str, list[float]] = {name: [] for name in LIBRARIES}
    for _ in range(options.rounds):
        for name, library in LIBRARIES.items():
            timer = timeit.Timer(partial(library, function, *structures))
            seconds[name].append(timer.timeit(options.calls) / options.calls)
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    own = medians["rltools.nested"]
    print(f"{title} (median of {options.rounds} rounds)")
    for name, median in medians.items():
        print(f"  {name:<15} {1e6 * median:7.2f} us   {median / own:6.2f} x")


def _negate(x: float) -> float:
    return -x


def _add(x: float, y: float) -> float:
    return x + y


if __name__ == "__main__":
    main()
