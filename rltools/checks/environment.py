"""Checks an environment: its spaces, resets, steps, determinism and life."""

from collections.abc import Callable, Collection
from typing import Any

import gymnasium as gym

from rltools.arguments import (
    check_constructor,
    check_flag,
    check_integer,
    check_strings,
)
from rltools.checks.check import run_checks
from rltools.checks.environments import (
    determinism,
    ends,
    life,
    options,
    rendering,
    reset,
    side_effects,
    spaces,
    step,
)
from rltools.checks.environments.trial import EnvOptions, EnvTrial
from rltools.checks.report import Report
from rltools.checks.rollout import Policy
from rltools.errors import InvalidArgumentError
from rltools.space_checks import describe

CHECKS = (
    *spaces.CHECKS,
    *reset.CHECKS,
    *options.CHECKS,
    *step.CHECKS,
    *side_effects.CHECKS,
    *ends.CHECKS,
    *determinism.CHECKS,
    *life.CHECKS,
    *rendering.CHECKS,
)


def check_env(
    make: Callable[[], gym.Env[Any, Any]],
    *,
    seed: int = 0,
    steps: int = 200,
    episodes: int = 2,
    max_steps: int | None = None,
    policy: Policy | None = None,
    reproducible: bool | None = None,
    seed_matters: bool = True,
    raises_after_end: bool | None = None,
    ends_both_ways: bool = False,
    info_keys_vary: bool = False,
    varying_infos: Collection[str] = (),
    picklable: bool = True,
    processes: bool = True,
    options: dict[str, Any] | None = None,
    one_instance: bool = False,
    exclude: Collection[str] = (),
    progress: Callable[[str], None] | None = None,
) -> Report:
    """Check that an environment keeps the contract of Gymnasium, and more.

    All checks share one rollout of random actions. What it returned is kept as it was
    when it was returned, and judged afterwards.

    Args:
        make: Callable without arguments that makes a new environment each time. One
            that also takes `render_mode` is asked for every mode that can be rendered
            without a screen.
        seed: Seed of the first reset and of the actions.
        steps: Number of steps to play at least.
        episodes: Number of episodes to play to their end, if they have one; 0 for none
            but those of the steps.
        max_steps: Length that no episode exceeds; that of the environment's spec if
            None.
        policy: Function of observation and info that returns an action, where random
            ones do not get far.
        reproducible: Whether the same seed and actions give the same results. None
            asks the environment's spec.
        seed_matters: Whether another seed gives other results; false of an environment
            in which nothing is left to chance.
        raises_after_end: Whether a step after the end of an episode raises (True) or
            returns something valid (False). None allows both.
        ends_both_ways: Whether a step may be terminated and truncated. A step at the
            time limit of the environment's spec always may.
        info_keys_vary: Whether infos may have other keys, and values of other types,
            from step to step.
        varying_infos: Keys of infos whose values may differ when all else repeats, such
            as how long an episode took. They are looked at by no check.
        picklable: Whether it can be pickled and deep-copied.
        processes: Whether to compare with an instance in another process.
        options: Options for every reset, where it needs some.
        one_instance: Whether only one instance may exist at a time, or is to be made
            because it takes so long. What needs others is skipped.
        exclude: Names of checks not to run. Without L3, nothing is rendered at all.
        progress: Function that is told each check before it runs, as a line of text.

    Returns:
        The report of all checks; `report.raise_on_failure()` is the usual next call.

    Raises:
        InvalidArgumentError: An argument makes no sense, or `make` returns something
            other than an environment.
        InvalidOptionError: `exclude` has a name that no check bears.

    >>> import gymnasium as gym
    >>> check_env(lambda: gym.make("CartPole-v1"), processes=False).failed
    []
    """
    check_constructor("make", make)
    if options is not None and not isinstance(options, dict):
        raise InvalidArgumentError(
            f"options: expected a dict for reset, or None, got {describe(options)}."
        )
    env_options = EnvOptions(
        seed=check_integer("seed", seed, at_least=0),
        steps=check_integer("steps", steps, at_least=1),
        episodes=check_integer("episodes", episodes, at_least=0),
        max_steps=(
            None
            if max_steps is None
            else check_integer("max_steps", max_steps, at_least=1)
        ),
        policy=policy,
        reproducible=reproducible,
        seed_matters=seed_matters,
        raises_after_end=raises_after_end,
        ends_both_ways=ends_both_ways,
        info_keys_vary=info_keys_vary,
        varying_infos=check_strings("varying_infos", varying_infos),
        picklable=picklable,
        processes=processes,
        reset_options=options,
        one_instance=check_flag("one_instance", one_instance),
    )
    if "L3" in exclude and not isinstance(exclude, str):
        exclude = [*exclude, "L4", "L5"]  # They render, too.
    with EnvTrial(make, env_options) as trial:
        name = str(trial.env)
        return run_checks(trial, CHECKS, name=name, exclude=exclude, progress=progress)
