"""What a step costs through a Ray actor, beside a worker of this machine.

    python -m benchmarks.ray_actor
    python -m benchmarks.ray_actor --address auto  # on a cluster that is running

All take turns, in one run; what is printed are medians and their ratios. The bare call
of an actor, which does nothing, is what Ray itself costs. Without an address, Ray is
started on this machine for the time of the measurement.
"""

import argparse
import os
import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from functools import partial
from typing import Any

import gymnasium as gym

from rltools import BatchEnv
from rltools.bench import option_types
from rltools.extras import require
from rltools.wrappers import ExternalProcess, RayActor

Steps = dict[str, Callable[[], Any]]
_CALLS_PER_TURN = 50


class Idle:
    """An actor that does nothing."""

    def call(self, data: bytes = b"") -> bytes:
        """Return what is given."""
        return data


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--env", default="CartPole-v1", help="of Gymnasium")
    parser.add_argument("--envs", type=option_types.count, nargs="+", default=[8, 32])
    parser.add_argument("--workers", type=option_types.count, default=2)
    parser.add_argument("--rounds", type=option_types.count, default=11)
    parser.add_argument("--address", help="of a cluster, or auto")
    options = parser.parse_args(arguments)
    ray = connect(options.address, options.workers)
    try:
        compare_single(ray, options.env, options.rounds)
        for count in options.envs:
            compare_batches(options.env, count, options.workers, options.rounds)
    finally:
        ray.shutdown()


def connect(address: str | None, workers: int) -> Any:
    ray = require("ray", extra="ray")
    if address is not None:
        ray.init(address=address)
        return ray
    ray.init(
        num_cpus=workers + 1,
        object_store_memory=80 * 2**20,
        include_dashboard=False,
        _node_ip_address="127.0.0.1",
    )
    return ray


def compare_single(ray: Any, name: str, rounds: int) -> None:
    make = partial(gym.make, name)
    with ExitStack() as stack:
        bare = ray.remote(Idle).options(num_cpus=0).remote()
        stack.callback(ray.kill, bare)
        steps: Steps = {
            "bare call of an actor": lambda: ray.get(bare.call.remote()),
            "with 1 kB each way": lambda: ray.get(bare.call.remote(b"x" * 1000)),
        }
        for label, wrapper in (
            ("RayActor", RayActor),
            ("ExternalProcess", ExternalProcess),
        ):
            env = stack.enter_context(closing(wrapper(make)))
            steps[label] = partial(step_single, env)
            env.reset(seed=0)
        report(f"A step of one {name}", median_times(steps, rounds), envs=1)


def compare_batches(name: str, count: int, workers: int, rounds: int) -> None:
    make = partial(gym.make, name)
    with ExitStack() as stack:
        steps: Steps = {}
        for label, options in (
            ("one actor", {"workers": 1, "cluster": "ray"}),
            (f"{workers} actors", {"workers": workers, "cluster": "ray"}),
            (f"{workers} workers", {"workers": workers}),
            ("this process", {"workers": 0}),
        ):
            batch = BatchEnv.launch(make, count, autoreset="next_step", **options)
            stack.enter_context(closing(batch))
            batch.reset(seed=0)
            actions = batch.action_space.sample()
            steps[label] = partial(batch.step, actions)
        report(f"A step of {count} {name}", median_times(steps, rounds), envs=count)


def step_single(env: gym.Env) -> None:
    _, _, terminated, truncated, _ = env.step(0)
    if terminated or truncated:
        env.reset()


def median_times(steps: Steps, rounds: int) -> dict[str, float]:
    """Seconds of one call of each, the median over rounds in which they take turns."""
    times: dict[str, list[float]] = {label: [] for label in steps}
    for _ in range(rounds):
        for label, step in steps.items():
            step()  # Whatever slept is awake.
            start = time.perf_counter()
            for _ in range(_CALLS_PER_TURN):
                step()
            times[label].append((time.perf_counter() - start) / _CALLS_PER_TURN)
    return {label: statistics.median(values) for label, values in times.items()}


def report(title: str, times: dict[str, float], envs: int) -> None:
    best = min(times.values())
    print(f"{title}, on {os.cpu_count()} cores")
    for label, seconds in times.items():
        print(
            f"  {label:<22} {seconds * 1e6:8.0f} us   {seconds / best:6.1f} times   "
            f"{envs / seconds:9.0f} per second"
        )


if __name__ == "__main__":
    main()
