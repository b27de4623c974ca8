"""The wrapper under test: how to wrap, what is known of it, its rollouts."""

import collections
import contextlib
import copy
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import gymnasium as gym

from rltools.checks.bounds import varied_elements
from rltools.checks.rollout import Policy, Rollout
from rltools.checks.wrappers.spy import SpiedCall, Spy, SpyLog
from rltools.errors import InvalidArgumentError
from rltools.space_checks import describe

_STEPS_AT_BOUNDS = 20


@dataclass(frozen=True)
class WrapperOptions:
    """What the caller says of the wrapper; see `check_wrapper` for each."""

    seed: int
    steps: int
    episodes: int
    at_most: int
    policy: Policy | None
    options: dict[str, Any] | None
    at_bounds: bool
    remembers_episodes: bool
    varying_infos: Collection[str]


class Drive:
    """A wrapped environment with a spy inside, and its latest rollout.

    Args:
        env: The wrapped environment.
        inner: What was wrapped: the spy.
        log: What the spy notes.
        seed: Seed of the rollouts, or None if resets take none.
        policy: Function that chooses actions.
        watch: Whether the rollouts look for mishaps.
        options: Options of resets that are given none.
    """

    def __init__(
        self,
        env: gym.Env[Any, Any],
        inner: Spy,
        log: SpyLog,
        *,
        seed: int | None,
        policy: Policy | None,
        watch: bool = False,
        options: dict[str, Any] | None = None,
    ) -> None:
        self.env = env
        self.inner = inner
        self.log = log
        self._seed = seed
        self._policy = policy
        self._watch = watch
        self._options = options
        self.rollout = self.start()

    def start(self) -> Rollout:
        """Begin a new rollout, and forget what the spy has noted."""
        self.log.calls.clear()
        self._by_outer: dict[int, list[SpiedCall]] = collections.defaultdict(list)
        self._indexed = 0
        self.rollout = Rollout(
            self.env,
            seed=self._seed,
            policy=self._policy,
            watch=self._watch,
            options=self._options,
        )
        rollout = self.rollout
        self.log.outer = lambda: len(rollout.calls)
        return rollout

    def passed_on(self, outer: int) -> list[SpiedCall]:
        """What the wrapper asked of the inner environment within one outer call."""
        if self._indexed < len(self.log.calls):
            for call in self.log.calls[self._indexed :]:
                self._by_outer[call.outer].append(call)
            self._indexed = len(self.log.calls)
        return self._by_outer[outer]


class WrapperTrial:
    """Wraps environments for checks, closes them, and keeps the rollouts they share.

    Args:
        wrap: Callable that wraps an environment.
        make: Callable without arguments that makes one.
        options: What the caller says of the wrapper.
    """

    def __init__(
        self,
        wrap: Callable[[gym.Env[Any, Any]], gym.Env[Any, Any]],
        make: Callable[[], gym.Env[Any, Any]],
        options: WrapperOptions,
    ) -> None:
        self.wrap = wrap
        self.make = make
        self.options = options
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> "WrapperTrial":
        return self

    def __exit__(self, *details: Any) -> None:
        self._stack.close()

    @cached_property
    def drive(self) -> Drive:
        """The drive that most checks judge, of at least two episodes if possible."""
        drive = self._stack.enter_context(self.fresh(watch=True))
        self.play(drive.rollout)
        return drive

    @cached_property
    def drive_at_bounds(self) -> Drive:
        """A drive where observations and actions are at the bounds of their spaces."""
        space = self.drive.inner.observation_space
        observations = varied_elements(space, seed=self.options.seed)
        actions = varied_elements(self.drive.env.action_space, seed=self.options.seed)
        drive = self._stack.enter_context(
            self.fresh(
                watch=True,
                observe=lambda *_: next(observations),
                policy=self.options.policy or (lambda *_: next(actions)),
            )
        )
        drive.rollout.play(steps=_STEPS_AT_BOUNDS, episodes=0, at_most=_STEPS_AT_BOUNDS)
        return drive

    @cached_property
    def bare(self) -> "WrapperTrial":
        """The same without the wrapper: what it shows, too, is not the wrapper's."""
        options = replace(self.options, policy=None, at_bounds=False)
        return self._stack.enter_context(
            WrapperTrial(lambda env: env, self.make, options)
        )

    @cached_property
    def seed(self) -> int | None:
        """Seed of rollouts, or None if the wrapped environment takes none."""
        env, inner, _ = self._wrap(SpyLog())
        with _closing(inner.env), _closing(env):
            try:
                options = copy.deepcopy(self.options.options)
                given = {} if options is None else {"options": options}
                env.reset(seed=self.options.seed, **given)
            except TypeError:
                return None
            except Exception:  # What else is wrong comes with the rollout.
                return self.options.seed
        return self.options.seed

    @contextlib.contextmanager
    def fresh(
        self, *, policy: Policy | None = None, watch: bool = False, **of_the_spy: Any
    ) -> Iterator[Drive]:
        """Another wrapped environment, for the time of a block.

        Args:
            policy: In place of the caller's.
            watch: Whether its rollouts look for mishaps.
            **of_the_spy: Arguments of `Spy`.
        """
        seed = self.seed
        env, inner, log = self._wrap(SpyLog(), **of_the_spy)
        with _closing(inner.env), _closing(env):
            yield Drive(
                env,
                inner,
                log,
                seed=seed,
                policy=policy or self.options.policy,
                watch=watch,
                options=self.options.options,
            )

    def play(self, rollout: Rollout) -> Rollout:
        """Play for as many steps and episodes as the caller wants."""
        return rollout.play(
            steps=self.options.steps,
            episodes=self.options.episodes,
            at_most=max(self.options.steps, self.options.at_most),
        )

    def _make_env(self) -> gym.Env[Any, Any]:
        return _require_env("make", self.make())

    def _wrap(
        self, log: SpyLog, **of_the_spy: Any
    ) -> tuple[gym.Env[Any, Any], Spy, SpyLog]:
        inner = Spy(self._make_env(), log, **of_the_spy)
        return _require_env("wrap", self.wrap(inner)), inner, log


@contextlib.contextmanager
def _closing(env: gym.Env[Any, Any]) -> Iterator[gym.Env[Any, Any]]:
    try:
        yield env
    finally:
        with contextlib.suppress(Exception):  # A check of its own judges `close`.
            env.close()


def _require_env(name: str, env: Any) -> gym.Env[Any, Any]:
    if isinstance(env, gym.Env):
        return env
    raise InvalidArgumentError(
        f"{name}: expected it to return a gymnasium.Env, got {describe(env)}."
    )
