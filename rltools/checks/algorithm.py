"""Checks an algorithm: how it acts, what it keeps, and whether it learns."""

from collections.abc import Callable, Collection
from typing import Any

import gymnasium as gym

from rltools.arguments import check_callable, check_integer, check_positive
from rltools.checks.algorithms import probes, state, verbs
from rltools.checks.algorithms.env import RecallEnvironment
from rltools.checks.algorithms.trial import (
    AlgorithmOptions,
    AlgorithmTrial,
    MakeAlgorithm,
)
from rltools.checks.check import run_checks
from rltools.checks.report import Report
from rltools.errors import InvalidArgumentError
from rltools.space_checks import describe

CHECKS = (
    *verbs.CHECKS,
    *state.CHECKS,
    *probes.CHECKS,
)


def check_algorithm(
    make_algorithm: MakeAlgorithm,
    *,
    make_env: Callable[[], gym.Env[Any, Any]] | None = None,
    wrap: Callable[[gym.Env[Any, Any]], gym.Env[Any, Any]] | None = None,
    num_envs: int = 3,
    seed: int = 0,
    steps: int = 300,
    subsets: bool = True,
    deterministic: bool = True,
    gamma: float | None = None,
    continuous: bool = False,
    probe_steps: int = 3000,
    tolerance: float = 0.1,
    action_tolerance: float = 0.2,
    exclude: Collection[str] = (),
) -> Report:
    """Check that an algorithm keeps to its contract, and that it learns what it should.

    What can be checked depends on what the algorithm offers: each method below is
    optional, and a check that lacks one is skipped and says so. They are described in
    `rltools.checks.algorithms.protocols`.

    - `begin_episode`, `perform`, `experience` and `end_episode`, the verbs of
      `rltools.simulate`; or `train(steps)`, which steps the environments by itself.
    - `evaluation()`, which returns verbs that choose the best actions and learn
      nothing; or `act(observ)`, which does so for one observation.
    - `value(observ)`, the value of one observation.
    - `weights()`, all that is learnt.

    The checks A5 train one algorithm on each of `rltools.mocks.probes`, ask it for
    values and actions, and tell which part of it to look at if they are not right.

    Args:
        make_algorithm: Function of a list of environments with equal spaces. Returns a
            new algorithm for them each time. One that has the verbs needs only their
            spaces and their number; the others train in them.
        make_env: Callable that makes an environment for the checks A1 to A4. If None,
            these have the spaces of the probes, random observations whose order
            matters, and episodes of one to eight steps that end in either way.
        wrap: Function that puts the wrappers around an environment with which the
            algorithm is used, such as one that clips actions.
        num_envs: Number of environments that the algorithm acts in.
        seed: Seed of the environments and of all that is random in the checks; that of
            the algorithm is up to `make_algorithm`.
        steps: Steps over all environments in which the algorithm is trained, and
            evaluated, for the checks A1 to A4. It should learn something by then.
        subsets: Whether it can be asked for some of the environments at a time, and for
            none. Not needed for `rltools.simulate`.
        deterministic: Whether evaluation chooses the same actions for the same
            observations.
        gamma: The algorithm's discount; None skips what depends on it. Mistakes are
            told apart best by one of 0.6 to 0.9.
        continuous: Whether probes and the default of `make_env` have continuous
            actions, float32 from -1 to 1 of shape (1,), rather than 0 and 1.
        probe_steps: Steps of training for each probe, over all environments.
        tolerance: How far a value may be from the exact one, absolutely or, if that is
            above 1, relative to it.
        action_tolerance: How far a continuous action may be from the best one.
        exclude: Names of checks not to run.

    Returns:
        The report of all checks; `report.raise_on_failure()` is the usual next call.

    Raises:
        InvalidArgumentError: An argument makes no sense, or `make_algorithm` returns
            something without any of the methods.
        InvalidOptionError: `exclude` has a name that no check bears.

    >>> from rltools import mocks
    >>> check_algorithm(mocks.LinearActorCritic, gamma=0.7).failed
    []
    """
    check_callable("make_algorithm", make_algorithm)
    for name, value in {"make_env": make_env, "wrap": wrap}.items():
        if value is not None:
            check_callable(name, value)
    check_positive("tolerance", tolerance)
    check_positive("action_tolerance", action_tolerance)
    is_number = isinstance(gamma, int | float) and not isinstance(gamma, bool)
    if gamma is not None and not (is_number and 0 <= gamma <= 1):
        raise InvalidArgumentError(
            f"gamma: expected a number from 0 to 1 or None, got {describe(gamma)}."
        )
    options = AlgorithmOptions(
        make_env=make_env or (lambda: RecallEnvironment(continuous=continuous)),
        wrap=wrap or (lambda env: env),
        num_envs=check_integer("num_envs", num_envs, at_least=1),
        seed=check_integer("seed", seed, at_least=0),
        steps=check_integer("steps", steps, at_least=1),
        subsets=subsets,
        deterministic=deterministic,
        gamma=gamma,
        continuous=continuous,
        probe_steps=check_integer("probe_steps", probe_steps, at_least=1),
        tolerance=tolerance,
        action_tolerance=action_tolerance,
    )
    with AlgorithmTrial(make_algorithm, options) as trial:
        name = type(trial.algorithm).__name__
        return run_checks(trial, CHECKS, name=name, exclude=exclude)
