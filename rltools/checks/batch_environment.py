"""Checks a batch of environments: values, autoreset, inputs, errors and life."""

import copy
import math
from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.vector import AutoresetMode

from rltools.arguments import (
    check_callable,
    check_constructor,
    check_integer,
    check_strings,
)
from rltools.checks.batches import autoreset as endings
from rltools.checks.batches import failing, inputs, layouts, membership, values
from rltools.checks.batches.options import BatchOptions
from rltools.checks.batches.trial import BatchTrial
from rltools.checks.check import run_checks
from rltools.checks.report import Report
from rltools.errors import InvalidArgumentError
from rltools.space_checks import describe

CHECKS = tuple(
    sorted(
        (
            *values.CHECKS,
            *layouts.CHECKS,
            *endings.CHECKS,
            *inputs.CHECKS,
            *failing.CHECKS,
            *membership.CHECKS,
        ),
        key=lambda check: int(check.name[1:]),
    )
)


def check_batch_env(
    make_batch: Callable[..., gym.vector.VectorEnv],
    make_env: Callable[[], gym.Env[Any, Any]],
    *,
    num_envs: int = 3,
    steps: int = 100,
    seed: int = 0,
    timeout: float = 10.0,
    autoreset: AutoresetMode | None = None,
    copies: bool = True,
    checks_actions: bool = True,
    mixed_infos: bool = True,
    consecutive_seeds: bool = True,
    seed_lists: bool = True,
    reward_dtype: Any = np.float64,
    spaces: Mapping[str, gym.Space[Any]] | None = None,
    extra_infos: Collection[str] = (),
    options: dict[str, Any] | None = None,
    exclude: Collection[str] = (),
    progress: Callable[[str], None] | None = None,
) -> Report:
    """Check that a vector environment is what its single environments are, in a batch.

    The batch is given the caller's environments and some that do as they are told:
    their observations show every mix-up, lost step and surplus reset. What it should
    return is what single environments in this process return.

    Args:
        make_batch: Makes a `gymnasium.vector.VectorEnv` of a list of constructors, such
            as `gymnasium.vector.SyncVectorEnv`. A function without arguments makes one
            of environments like those of `make_env`; checks that need others are then
            skipped.
        make_env: Makes a single environment, which passes `check_env`.
        num_envs: The number of environments in a batch, at least 2.
        steps: The number of steps to play the caller's environments.
        seed: Seed of the first reset and of the actions.
        timeout: Seconds that any call of the batch may take. Needs the main thread of a
            system with alarms; elsewhere, calls that hang are waited for.
        autoreset: What follows the end of an episode, where the batch does not tell by
            its `metadata["autoreset_mode"]`.
        copies: Whether what was returned stays as it is. False of a batch that uses its
            arrays again.
        checks_actions: Whether actions outside of the action space raise; if not, only
            a wrong number of them must.
        mixed_infos: Whether infos of one key may differ between environments in their
            type or shape.
        consecutive_seeds: Whether a seed `s` means `s + i` for environment `i`; if not,
            they only have to be distinct.
        seed_lists: Whether a list of seeds, one for each environment, is taken.
        reward_dtype: The dtype of rewards.
        spaces: Spaces to be echoed, by their names in the report, where the batch is
            not made for those of all kinds and dtypes.
        extra_infos: Keys of infos that the batch adds by itself, as a vector wrapper
            does that counts returns. They are looked at by no check.
        options: Options for every reset of the environments of `make_env`, autoresets
            included. A batch whose environments are its own has to give them by itself.
        exclude: Names of checks not to run.
        progress: Function that is told each check before it runs, as a line of text.

    Returns:
        The report of all checks; `report.raise_on_failure()` is the usual next call.

    Raises:
        InvalidArgumentError: An argument makes no sense, or `make_batch` raises when
            it is asked for a batch of the caller's environments.
        InvalidOptionError: `exclude` has a name that no check bears.

    >>> import rltools
    >>> from rltools.mocks import MockEnvironment
    >>> def make_batch(constructors):
    ...     return rltools.BatchEnv([make() for make in constructors])
    >>> check_batch_env(make_batch, lambda: MockEnvironment((3,), (2,))).failed
    []
    """
    check_callable("make_batch", make_batch)
    check_constructor("make_env", make_env)
    if autoreset is not None and not isinstance(autoreset, AutoresetMode):
        raise InvalidArgumentError(
            f"autoreset: expected an AutoresetMode or None, got {describe(autoreset)}."
        )
    if not isinstance(timeout, int | float) or not 0 < timeout < math.inf:
        raise InvalidArgumentError(
            f"timeout: expected a number of seconds above 0, got {describe(timeout)}."
        )
    if spaces is not None and not isinstance(spaces, Mapping):
        raise InvalidArgumentError(
            f"spaces: expected a dict from names to spaces, got {describe(spaces)}."
        )
    if options is not None:
        if not isinstance(options, dict):
            raise InvalidArgumentError(
                f"options: expected a dict for reset, or None, got {describe(options)}."
            )
        make_env = partial(_make_with_options, make_env, options)
    batch_options = BatchOptions(
        num_envs=check_integer("num_envs", num_envs, at_least=2),
        steps=check_integer("steps", steps, at_least=1),
        seed=check_integer("seed", seed, at_least=0),
        timeout=timeout,
        autoreset=autoreset,
        copies=copies,
        checks_actions=checks_actions,
        mixed_infos=mixed_infos,
        consecutive_seeds=consecutive_seeds,
        seed_lists=seed_lists,
        reward_dtype=np.dtype(reward_dtype),
        spaces=spaces,
        extra_infos=check_strings("extra_infos", extra_infos),
    )
    with BatchTrial(make_batch, make_env, batch_options) as trial:
        trial.try_to_make()
        name = getattr(make_batch, "__qualname__", None) or repr(make_batch)
        return run_checks(trial, CHECKS, name=name, exclude=exclude, progress=progress)


class _WithOptions(gym.Wrapper[Any, Any, Any, Any]):
    """Gives options to every reset, those that it has itself before others."""

    def __init__(self, env: gym.Env[Any, Any], options: dict[str, Any]) -> None:
        super().__init__(env)
        self._options = options

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        options = {**copy.deepcopy(self._options), **(options or {})}
        return self.env.reset(seed=seed, options=options)


def _make_with_options(
    make_env: Callable[[], gym.Env[Any, Any]], options: dict[str, Any]
) -> gym.Env[Any, Any]:
    return _WithOptions(make_env(), options)
