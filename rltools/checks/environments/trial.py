"""The environment under test: how to make it, what is known of it, its rollouts."""

import contextlib
import copy
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import gymnasium as gym

from rltools.checks.call import Call
from rltools.checks.check import SkipCheck
from rltools.checks.environments.frame_watch import Rendering
from rltools.checks.environments.instances import Instances
from rltools.checks.rollout import Policy, Rollout, compare

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
    reset_options: dict[str, Any] | None
    one_instance: bool


class EnvTrial:
    """Makes environments for checks, closes them, and keeps the rollouts they share.

    Args:
        make: Callable without arguments that makes an environment.
        options: What the caller says of it.

    Attributes:
        unsteady: How it once did not repeat itself, if a check has come upon that.
    """

    def __init__(
        self, make: Callable[[], gym.Env[Any, Any]], options: EnvOptions
    ) -> None:
        self.make = make
        self.options = options
        self.instances = Instances(make, one=options.one_instance)
        self.unsteady: str | None = None
        self.renderings: dict[str, Rendering] = {}  # Those that checks share, by mode.

    def __enter__(self) -> "EnvTrial":
        return self

    def __exit__(self, *details: Any) -> None:
        self.instances.close()

    @cached_property
    def env(self) -> gym.Env[Any, Any]:
        """The environment that most checks look at."""
        return self.instances.main()

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

    def fresh(self) -> contextlib.AbstractContextManager[gym.Env[Any, Any]]:
        """Another environment that nobody has used, for the time of a block."""
        return self.instances.fresh()

    def used(self) -> contextlib.AbstractContextManager[gym.Env[Any, Any]]:
        """Another environment that may have been used, for the time of a block."""
        return self.instances.used()

    @cached_property
    def refused(self) -> dict[str, Call]:
        """Resets that raise because of arguments, by what they were given."""
        seed: dict[str, Any] = {"seed": self.options.seed}
        options: dict[str, Any] = {"options": self.options.reset_options or {}}
        both = self._try_reset(seed | options)
        if both.error is None:
            return {}
        alone = {_tell(each): self._try_reset(each) for each in (seed, options)}
        refused = {name: call for name, call in alone.items() if call.error is not None}
        return refused or {_tell(seed | options): both}

    @property
    def accepts_seed(self) -> bool:
        """Whether `reset` takes a seed; what else is wrong comes with the rollout."""
        call = self.refused.get(_tell({"seed": self.options.seed}))
        return call is None or not isinstance(call.error, TypeError)

    @cached_property
    def second_run(self) -> Rollout:
        """The rollout once more in another instance, while a third one moves.

        They have nothing in common, if all is well. Where only one may exist it is the
        same instance.
        """
        with self.fresh() as other, self.used() as third:
            run, disturbance = self.start(other), self.start(third, seed_offset=1)
            if not self.instances.are_many:
                return run.repeat(self.rollout)
            disturbance.reset()
            for call in self.rollout.calls:
                if not run.repeat_call(call):
                    break
                if not disturbance.calls[-1].is_complete:
                    break
                if disturbance.calls[-1].ended:
                    disturbance.reset()
                else:
                    disturbance.step(disturbance.choose_action())
        return run

    def start(
        self,
        env: gym.Env[Any, Any],
        *,
        seed_offset: int = 0,
        seeded: bool = True,
        **how: Any,
    ) -> Rollout:
        """A rollout of an environment that has yet to begin.

        Args:
            env: The environment.
            seed_offset: What to add to the seed of the checks.
            seeded: Whether to begin with a seed, if it takes one.
            **how: Arguments of `Rollout`.
        """
        seed = None
        if seeded and self.accepts_seed:
            seed = self.options.seed + seed_offset
        return Rollout(
            env,
            seed=seed,
            policy=self.options.policy,
            varying_infos=self.options.varying_infos,
            options=self.options.reset_options,
            **how,
        )

    def play_episode(self, env: gym.Env[Any, Any], *, seed_offset: int = 0) -> Rollout:
        """Play an environment until its first episode has ended.

        Raises:
            SkipCheck: It does not end.
        """
        rollout = self.start(env, seed_offset=seed_offset)
        rollout.play(steps=0, episodes=1, at_most=self._patience)
        if not rollout.episodes_ended:
            raise SkipCheck(f"no episode ended within {len(rollout.steps)} steps")
        return rollout

    def require_reproducible(self) -> None:
        """Skip the check where the same seed may give different results."""
        if not self.is_reproducible:
            raise SkipCheck("it is declared not to be reproducible")

    def require_agreement(self) -> None:
        """Skip the check where new instances differ before anything else happens."""
        if self.instances.are_many and any(compare(self.rollout, self.second_run)):
            raise SkipCheck("two new environments differ already, see D1 and D2")

    def require_another(self) -> None:
        """Skip the check where there is only one instance."""
        if self.options.one_instance:
            raise SkipCheck("it is declared that only one instance may exist at a time")
        if not self.instances.are_many:
            raise SkipCheck(f"no other instance can be made: {self.instances.problem}")

    def _try_reset(self, arguments: dict[str, Any]) -> Call:
        with self.fresh() as env:
            rollout = Rollout(env, seed=None, options=self.options.reset_options)
            return rollout.reset(**copy.deepcopy(arguments))

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


def _tell(arguments: dict[str, Any]) -> str:
    return ", ".join(f"{name}={value}" for name, value in arguments.items())
