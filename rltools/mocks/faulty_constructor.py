"""Faulty environments that are made somewhere else."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gymnasium as gym

from rltools.arguments import check_callable
from rltools.mocks.faults.fault import Fault
from rltools.mocks.faulty_environment import Faulty


@dataclass(frozen=True)
class FaultyConstructor:
    """Makes an environment with faults; see `faulty`."""

    make: Callable[[], gym.Env[Any, Any]]
    faults: tuple[Fault, ...]
    seed: int | None = None
    env_index: int = 0

    def __call__(self) -> Faulty:
        """Make the environment; where a fault keeps it from that, it is closed."""
        env = self.make()
        try:
            return Faulty(env, *self.faults, seed=self.seed, env_index=self.env_index)
        except BaseException:
            env.close()
            raise


def faulty(
    make: Callable[[], gym.Env[Any, Any]],
    *faults: Fault,
    seed: int | None = None,
    env_index: int = 0,
) -> FaultyConstructor:
    """A constructor of faulty environments, for `ExternalProcess` and batches.

    Args:
        make: Makes the environment that is to get the faults.
        *faults: As for `Faulty`.
        seed: As for `Faulty`.
        env_index: As for `Faulty`.

    Returns:
        A function without arguments that makes a `Faulty` environment. It can be
        pickled if `make` can.

    Raises:
        InvalidArgumentError: `make` can't be called.
    """
    check_callable("make", make)
    return FaultyConstructor(make, faults, seed, env_index)
