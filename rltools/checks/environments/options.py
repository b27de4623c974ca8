"""Check R9: what an environment makes of the options that a reset is given."""

import copy
from collections.abc import Iterator
from functools import partial
from typing import Any

import gymnasium as gym

from rltools.checks.check import SkipCheck, check
from rltools.checks.difference import differences
from rltools.checks.environments.confirmation import confirm
from rltools.checks.environments.trial import EnvTrial
from rltools.checks.memory import overwrite
from rltools.checks.rollout import Rollout, compare

_UNKNOWN_OPTIONS = {"option_of_check_env": [1, 2]}
_COMPARED_CALLS = 20


@check("R9", "the options of a reset stay the caller's", needs=["R3", "R5"])
def options_are_left_alone(trial: EnvTrial) -> Iterator[str]:
    """Yield options that were changed in place, or are used after their reset."""
    options = trial.options.reset_options or _UNKNOWN_OPTIONS
    with trial.used() as env:
        given = copy.deepcopy(options)
        first = _play(trial, env, given)
        if first.calls[0].error is not None and options is _UNKNOWN_OPTIONS:
            raise SkipCheck(
                "it refuses options that it does not know; say options={...} with some "
                "that it knows"
            )
        if changed := differences(options, given, "options"):
            yield f"expected the caller's options to stay as they are: {changed[0]}"
            return
        if not trial.is_reproducible:
            return
        control = _play(trial, env, copy.deepcopy(options))
        if any(compare(first, control)):
            return  # It does not repeat itself as it is: see R4 and D1.

        def play_again(**how: bool) -> list[str]:
            again = _play(trial, env, copy.deepcopy(options), **how)
            return list(compare(control, again))

        for line in confirm(trial, partial(play_again, spoil=True), play_again):
            yield f"after the caller has emptied the options it had passed, {line}"


CHECKS = (options_are_left_alone,)


def _play(
    trial: EnvTrial, env: gym.Env[Any, Any], given: Any, *, spoil: bool = False
) -> Rollout:
    """Begin an episode with these options, and take the steps of the rollout's."""
    rollout = trial.start(env)
    seed = trial.options.seed if trial.accepts_seed else None
    call = rollout.reset(seed=seed, options=given)
    if spoil:
        _empty(given)
    for known in trial.rollout.calls[1:_COMPARED_CALLS]:
        if known.verb == "reset" or not call.is_complete or call.ended:
            break
        call = rollout.step(copy.deepcopy(known.action))
    return rollout


def _empty(value: Any) -> None:
    """Take everything out of a nest of dicts and lists, and overwrite its arrays."""
    overwrite(value)
    if isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            _empty(part)
        value.clear()
