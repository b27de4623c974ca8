"""The environment under test: how to make it, what is known of it, its rollouts."""

import contextlib
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import gymnasium as gym

from rltools.checks.check import SkipCheck
from rltools.checks.rollout import Policy, Rollout
from rltools.errors import InvalidArgumentError
from rltools.space_checks import describe

SECONDS_PER_CALL = 60.0  # Of an environment in another process.
_DEFAULT_LENGTH = 1000  # Steps to wait for the end of an episode of unknown length.


@dataclass(frozen=True)
class EnvOptions:
    """What the caller says of the environment; see `check_env` for each."""

    seed: int
    steps: int
    episodes: int
    max_steps: int | None
    policy: Policy | None
    reproducible: bool | None
    seed_matters: bool
    raises_after_end: bool | None
    ends_both_ways: bool
    info_keys_vary: bool
    picklable: bool
    processes: bool
    varying_infos: Collection[str]


class EnvTrial:
    """Makes environments for checks, closes them, and keeps the rollouts they share.

    Args:
        make: Callable without arguments that makes an environment.
        options: What the caller says of it.
    """

    def __init__(
        self, make: Callable[[], gym.Env[Any, Any]], options: EnvOptions
    ) -> None:
        self.make = make
        self.options = options
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> "EnvTrial":
        return self

    def __exit__(self, *details: Any) -> None:
        self._stack.close()

    @cached_property
    def env(self) -> gym.Env[Any, Any]:
        """The environment that most checks look at."""
        return self._make()

    @cached_property
    def rollout(self) -> Rollout:
        """The rollout that most checks judge, of at least two episodes if possible."""
        return self._play(self.start(self.env, watch=True))

    @cached_property
    def is_reproducible(self) -> bool:
        """Whether the same seed and actions have to give the same results."""
        if self.options.reproducible is not None:
            return self.options.reproducible
        return not getattr(self.env.spec, "nondeterministic", False)

    @cached_property
    def max_steps(self) -> int | None:
        """The declared length of the longest episode, in steps."""
        if self.options.max_steps is not None:
            return self.options.max_steps
        return getattr(self.env.spec, "max_episode_steps", None)

    @contextlib.contextmanager
    def fresh(self) -> Iterator[gym.Env[Any, Any]]:
        """Another environment, for the time of a block."""
        env = self._check(self.make())
        try:
            yield env
        finally:
            with contextlib.suppress(Exception):  # A check of its own judges `close`.
                env.close()

    @cached_property
    def accepts_seed(self) -> bool:
        """Whether `reset` takes a seed at all."""
        with self.fresh() as env:
            try:
                env.reset(seed=self.options.seed)
            except TypeError:
                return False
            except Exception:  # What else is wrong comes with the rollout.
                return True
        return True

    def start(
        self, env: gym.Env[Any, Any], *, seed_offset: int = 0, **how: Any
    ) -> Rollout:
        """A rollout of an environment that has yet to begin; `how` is `Rollout`'s."""
        seed = self.options.seed + seed_offset if self.accepts_seed else None
        varying = self.options.varying_infos
        policy = self.options.policy
        return Rollout(env, seed=seed, policy=policy, varying_infos=varying, **how)

    def play_episode(self, env: gym.Env[Any, Any]) -> Rollout:
        """Play an environment until its first episode has ended.

        Raises:
            SkipCheck: It does not end.
        """
        rollout = self.start(env).play(steps=0, episodes=1, at_most=self._patience)
        if not rollout.episodes_ended:
            raise SkipCheck(f"no episode ended within {len(rollout.steps)} steps")
        return rollout

    def require_reproducible(self) -> None:
        """Skip the check where the same seed may give different results."""
        if not self.is_reproducible:
            raise SkipCheck("it is declared not to be reproducible")

    def _play(self, rollout: Rollout) -> Rollout:
        """Play for as many steps and episodes as the caller wants."""
        steps, episodes = self.options.steps, self.options.episodes
        at_most = steps + episodes * self._patience
        return rollout.play(steps=steps, episodes=episodes, at_most=at_most)

    @property
    def _patience(self) -> int:
        """How many steps to wait for the end of an episode."""
        if self.options.episodes == 0:
            return self.options.steps
        return self.max_steps or _DEFAULT_LENGTH

    def _make(self) -> gym.Env[Any, Any]:
        return self._stack.enter_context(self.fresh())

    def _check(self, env: Any) -> gym.Env[Any, Any]:
        if not isinstance(env, gym.Env):
            raise InvalidArgumentError(
                f"make: expected it to return a gymnasium.Env, got {describe(env)}."
            )
        return env
