"""What is compared: ways to step a number of environments."""

import abc
import importlib
import importlib.util
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import gymnasium as gym

from rltools.bench.measurement import Measurement, warm_up_and_step
from rltools.bench.target import load_constructor

SEED = 0


@dataclass(frozen=True)
class Task:
    """What every contender has to do.

    Attributes:
        target: Names the environment, as `rltools.bench.target` takes it.
        num_envs: How many environments.
        actions: What to step them with, over and over: each entry is an element of the
            batched action space.
        seconds: How long to step.
    """

    target: str
    num_envs: int
    actions: list[Any]
    seconds: float

    @property
    def constructor(self) -> Callable[[], gym.Env]:
        """Makes one environment."""
        return load_constructor(self.target)


@dataclass(frozen=True)
class Opened:
    """A contender that is ready, all environments reset.

    Attributes:
        step: Steps all environments; takes one entry of `actions`.
        actions: The task's, in the form in which `step` takes them.
        close: Ends what was started.
        note: What else is to be known about it.
    """

    step: Callable[[Any], Any]
    actions: Sequence[Any]
    close: Callable[[], Any]
    note: str = ""


@dataclass(frozen=True)
class Contender(abc.ABC):
    """A way to step environments.

    Attributes:
        name: What tables call it.
        module: What must be imported for it, which is not counted.
    """

    name: str
    module: str

    @property
    def is_installed(self) -> bool:
        """Whether the package of its module is installed."""
        return importlib.util.find_spec(self.module.partition(".")[0]) is not None

    @abc.abstractmethod
    def measure(self, task: Task) -> Measurement:
        """Carry out a task.

        Raises:
            Exception: Whatever goes wrong.
        """


class BatchContender(Contender):
    """A contender that steps all environments at once."""

    def measure(self, task: Task) -> Measurement:
        """Open, warm up, step and close; see `Contender`."""
        importlib.import_module(self.module)
        started = time.perf_counter()
        opened = self.open(task)
        start_seconds = time.perf_counter() - started
        try:
            calls, seconds = warm_up_and_step(task.seconds, opened.step, opened.actions)
        finally:
            opened.close()
        steps = calls * task.num_envs
        return Measurement(steps, seconds, start_seconds, opened.note)

    @abc.abstractmethod
    def open(self, task: Task) -> Opened:
        """Make the environments and reset them.

        Raises:
            Exception: Whatever goes wrong.
        """
