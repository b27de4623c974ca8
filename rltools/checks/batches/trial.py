"""The batch under test: how to make it, what is known of it, what checks share."""

import contextlib
import inspect
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property, partial
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.vector import AutoresetMode

from rltools.checks.batches.guarded_batch import GuardedBatch
from rltools.checks.batches.options import BatchOptions
from rltools.checks.batches.puppet import Puppet
from rltools.checks.check import SkipCheck, tell_exception
from rltools.errors import InvalidArgumentError
from rltools.space_checks import describe

Constructors = Sequence[Callable[[], gym.Env]]


class BatchTrial:
    """Makes batches for checks, closes them all, and keeps those that checks share.

    Args:
        make_batch: Makes a batch of a list of constructors, or of none.
        make_env: Makes a single environment.
        options: What the caller says of the batch.
    """

    def __init__(
        self,
        make_batch: Callable[..., gym.vector.VectorEnv],
        make_env: Callable[[], gym.Env],
        options: BatchOptions,
    ) -> None:
        self.make_env = make_env
        self.options = options
        self._make_batch = make_batch
        self._kept: dict[str, GuardedBatch] = {}
        self._reasons: dict[str, str] = {}  # Why a batch to be kept can't be made.

    def __enter__(self) -> "BatchTrial":
        return self

    def __exit__(self, *details: Any) -> None:
        for name in list(self._kept):
            _close(self._kept.pop(name))

    @cached_property
    def takes_constructors(self) -> bool:
        """Whether the batch is made of environments that the checks choose."""
        try:
            signature = inspect.signature(self._make_batch)
        except ValueError:  # Some callables of other languages have none.
            return True
        if _takes(signature, []):
            return True
        if _takes(signature):
            return False
        raise InvalidArgumentError(
            "make_batch: expected a function of a list of constructors, or of nothing, "
            f"got one of {signature}."
        )

    def try_to_make(self) -> None:
        """Make the batch of the caller's environments for the first time.

        Raises:
            InvalidArgumentError: That raises, or takes too long.
        """
        try:
            with self.own():
                return
        except InvalidArgumentError:
            raise
        except Exception as error:
            what = "no arguments"
            if self.takes_constructors:
                what = f"a list of {self.options.num_envs} constructors"
            raise InvalidArgumentError(
                f"make_batch: expected a batch for {what}, but it raised "
                f"{tell_exception(error)}."
            ) from error

    @contextlib.contextmanager
    def own(self) -> Iterator[GuardedBatch]:
        """The batch of the caller's environments, which checks share one by one."""
        with self._keep("own", self._make_own) as batch:
            yield batch

    @contextlib.contextmanager
    def puppets(self, *, box: bool = False) -> Iterator[GuardedBatch]:
        """A batch of puppets, which checks share one by one."""
        constructors = self.puppet_constructors(box=box)
        make = partial(self._make_of, constructors)
        with self._keep(f"puppets {box}", make) as batch:
            yield batch

    @contextlib.contextmanager
    def fresh(self, constructors: Constructors) -> Iterator[GuardedBatch]:
        """A batch of any environments, for the time of a block."""
        batch = self._make_of(constructors)
        try:
            yield batch
        finally:
            _close(batch)

    def make(self, constructors: Constructors) -> GuardedBatch:
        """A batch of any environments, which the caller closes."""
        return self._make_of(constructors)

    def puppet_constructors(self, **options: Any) -> Constructors:
        """Constructors of puppets that tell their places."""
        count = self.options.num_envs
        return [partial(_make_wrapped_puppet, i, **options) for i in range(count)]

    @cached_property
    def mode(self) -> AutoresetMode:
        """What follows the end of an episode.

        Raises:
            SkipCheck: Nobody says so.
        """
        if self.options.autoreset is not None:
            return self.options.autoreset
        with self.own() as batch:
            mode = batch.env.metadata.get("autoreset_mode")
        if not isinstance(mode, AutoresetMode):
            raise SkipCheck(
                "its metadata['autoreset_mode'] does not say what follows the end of "
                "an episode; say autoreset=..."
            )
        return mode

    @property
    def mode_if_known(self) -> AutoresetMode | None:
        """What follows the end of an episode, if somebody says so."""
        try:
            return self.mode
        except SkipCheck:
            return None

    @cached_property
    def num_envs(self) -> int:
        """The number of environments in the batch of the caller's environments."""
        if self.takes_constructors:
            return self.options.num_envs
        with self.own() as batch:
            return batch.env.num_envs

    def seeds(self, first: int) -> tuple[Any, list[int]]:
        """What to reset the caller's batch with, and the seeds that mean the same.

        Raises:
            SkipCheck: It is not known which seed reaches which environment.
        """
        seeds = [first + index for index in range(self.num_envs)]
        if self.options.seed_lists:
            return seeds, seeds
        if self.options.consecutive_seeds:
            return first, seeds
        raise SkipCheck(
            "nobody knows the seed of each environment: the batch is declared to take "
            "no lists of seeds, and to have its own way to make many out of one"
        )

    @contextlib.contextmanager
    def _keep(
        self, name: str, make: Callable[[], GuardedBatch]
    ) -> Iterator[GuardedBatch]:
        if name in self._reasons:
            raise SkipCheck(f"the batch can't be made: {self._reasons[name]}")
        batch = self._kept.pop(name, None)  # Another check would find it in use.
        if batch is None:
            try:
                batch = make()
            except Exception as error:
                self._reasons[name] = str(error) or type(error).__name__
                raise
        try:
            yield batch
        except BaseException:
            _close(batch)
            raise
        if batch.spoiled:
            _close(batch)
        else:
            self._kept[name] = batch

    def _make_own(self) -> GuardedBatch:
        if self.takes_constructors:
            return self._make_of([self.make_env] * self.options.num_envs)
        return self._guard(self._make_batch)

    def _make_of(self, constructors: Constructors) -> GuardedBatch:
        if not self.takes_constructors:
            raise SkipCheck(
                "make_batch takes no constructors, so that no other environments can "
                "be put in"
            )
        return self._guard(partial(self._make_batch, list(constructors)))

    def _guard(self, make: Callable[[], Any]) -> GuardedBatch:
        def make_checked() -> gym.vector.VectorEnv:
            env = make()
            if not isinstance(env, gym.vector.VectorEnv):
                raise InvalidArgumentError(
                    "make_batch: expected it to return a gymnasium.vector.VectorEnv, "
                    f"got {describe(env)}."
                )
            return env

        return GuardedBatch(
            make_checked,
            seconds=self.options.timeout,
            extra_infos=self.options.extra_infos,
        )


def commands(batch: GuardedBatch, *values: int) -> np.ndarray:
    """Actions for a batch of puppets; one value is for all of them."""
    space = batch.env.action_space
    if isinstance(space, gym.spaces.Box):  # Puppets whose actions all mean to go on.
        return np.zeros(space.shape, space.dtype)
    return np.array(values if len(values) > 1 else values * batch.env.num_envs)


def _takes(signature: inspect.Signature, *arguments: Any) -> bool:
    try:
        signature.bind(*arguments)
    except TypeError:
        return False
    return True


def _make_wrapped_puppet(index: int, **options: Any) -> gym.Env:
    return gym.Wrapper(Puppet(index, **options))  # Attributes must pass the wrapper.


def _close(batch: GuardedBatch) -> None:
    # A check of its own judges `close`; what it leaves is ended anyway.
    with contextlib.suppress(Exception):
        batch.close()
