"""Checks a wrapper: what it makes of what goes in and of what comes out."""

from collections.abc import Callable, Collection
from typing import Any

import gymnasium as gym

from rltools.arguments import check_constructor, check_integer
from rltools.checks.check import run_checks
from rltools.checks.report import Report
from rltools.checks.rollout import Policy
from rltools.checks.wrappers import (
    attributes,
    determinism,
    ends,
    life,
    reset,
    values,
)
from rltools.checks.wrappers.mocks import choose_env
from rltools.checks.wrappers.trial import WrapperOptions, WrapperTrial
from rltools.errors import InvalidArgumentError
from rltools.space_checks import describe

CHECKS = (
    *values.CHECKS,
    *reset.CHECKS,
    *attributes.CHECKS,
    *ends.CHECKS,
    *determinism.CHECKS,
    *life.CHECKS,
)


def check_wrapper(
    wrap: Callable[[gym.Env[Any, Any]], gym.Env[Any, Any]],
    make: Callable[[], gym.Env[Any, Any]] | None = None,
    *,
    seed: int = 0,
    steps: int = 100,
    episodes: int = 2,
    at_most: int = 300,
    policy: Policy | None = None,
    options: dict[str, Any] | None = None,
    at_bounds: bool = True,
    remembers_episodes: bool = False,
    varying_infos: Collection[str] = (),
    exclude: Collection[str] = (),
) -> Report:
    """Check that a wrapper changes what it means to, and nothing else.

    A spy between the wrapper and the environment notes what is passed on. So it is
    known how many steps and resets there are inside of one outside: wrappers that
    repeat actions, reset by themselves, begin with random steps or limit episodes need
    no word about it. What the environment does wrong by itself is not held against the
    wrapper.

    The laws of an environment hold for a wrapped one, too, but are not checked here:
    `check_env(lambda: wrap(make()))` does, with options of its own.

    Args:
        wrap: Callable that takes an environment and returns it wrapped.
        make: Callable without arguments that makes a new environment to wrap each time.
            None takes the first of a few mock environments that `wrap` does not refuse:
            of vectors, images, numbers and dicts, with actions of vectors and numbers.
        seed: Seed of the resets and of the actions.
        steps: Number of steps of the wrapped environment to play at least.
        episodes: Number of episodes to play to their end, if they have one.
        at_most: Number of steps after which to stop waiting for ends of episodes.
        policy: Function of observation and info that returns an action of the wrapped
            environment, where random ones do not get far or are not allowed.
        options: Options that the environment knows, for every reset. None gives some
            resets one that nobody knows, and keeps it from the environment.
        at_bounds: Whether to play also with actions at the bounds of their space, and
            with observations inside that are put at the bounds of theirs.
        remembers_episodes: Whether what it returns depends on earlier episodes also
            after a reset with a seed, as with running statistics.
        varying_infos: Keys of infos whose values may differ when all else repeats, such
            as how long an episode took.
        exclude: Names of checks not to run.

    Returns:
        The report of all checks; `report.raise_on_failure()` is the usual next call.

    Raises:
        InvalidArgumentError: An argument makes no sense, `wrap` or `make` returns
            something other than an environment, or `make` is None and `wrap` refuses
            all mock environments.
        InvalidOptionError: `exclude` has a name that no check bears.

    >>> from rltools.wrappers import ClipAction
    >>> check_wrapper(ClipAction).failed
    []
    """
    if not callable(wrap):
        raise InvalidArgumentError(f"wrap: expected a callable, got {describe(wrap)}.")
    if make is not None:
        check_constructor("make", make)
    if isinstance(varying_infos, str):
        raise InvalidArgumentError(
            f"varying_infos: expected a list of keys, got {varying_infos!r}."
        )
    make = choose_env(wrap) if make is None else make
    wrapper_options = WrapperOptions(
        seed=check_integer("seed", seed, at_least=0),
        steps=check_integer("steps", steps, at_least=1),
        episodes=check_integer("episodes", episodes, at_least=1),
        at_most=check_integer("at_most", at_most, at_least=1),
        policy=policy,
        options=options,
        at_bounds=at_bounds,
        remembers_episodes=remembers_episodes,
        varying_infos=varying_infos,
    )
    with WrapperTrial(wrap, make, wrapper_options) as trial:
        name = str(trial.drive.env)
        return run_checks(trial, CHECKS, name=name, exclude=exclude)
