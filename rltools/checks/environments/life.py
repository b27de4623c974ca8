"""Checks of an environment's life beside its episodes: L1 and L2."""

import contextlib
import copy
import pickle
from collections.abc import Callable, Iterator
from typing import Any

from gymnasium.utils import EzPickle

from rltools.checks.check import Hint, SkipCheck, check, tell_exception
from rltools.checks.environments.trial import EnvTrial
from rltools.checks.rollout import compare

_COMPARED_CALLS = 50
_LATEST = 10  # Calls of an episode before it is copied.
_WAYS: dict[str, Callable[[Any], Any]] = {
    "pickle": lambda env: pickle.loads(pickle.dumps(env)),
    "deepcopy": copy.deepcopy,
}


@check("L1", "close may be called twice", needs=["S1"])
def close_works_twice(trial: EnvTrial) -> Iterator[str]:
    """Yield a close that raises, the second time too."""
    with trial.instances.last() as env:
        for name in ("first", "second"):
            try:
                env.close()
            except Exception as error:
                yield f"the {name} close: raised {tell_exception(error)}"


@check("L2", "pickle and deepcopy give environments that do the same", needs=["D2"])
def copies_do_the_same(trial: EnvTrial) -> Iterator[str]:
    """Yield copies that can't be made, differ, or have something in common.

    A copy made in the middle of an episode may refuse to go on, but not go on
    differently.
    """
    if not trial.options.picklable:
        raise SkipCheck("it is declared that it can't be pickled")
    trial.require_another()
    for name, make_copy in _WAYS.items():
        if found := list(_judge_copies(name, make_copy, trial)):
            yield from found
        elif trial.is_reproducible:
            yield from _judge_copies_on_their_way(name, make_copy, trial)


CHECKS = (close_works_twice, copies_do_the_same)


def _judge_copies(
    name: str, make_copy: Callable[[Any], Any], trial: EnvTrial
) -> Iterator[str]:
    with trial.fresh() as env:
        try:
            twin = make_copy(env)
        except Exception as error:
            yield (
                f"{name}: raised {tell_exception(error)}; if it is not meant to be "
                "copied, say picklable=False"
            )
            return
        try:
            for space in ("observation_space", "action_space"):
                if getattr(twin, space) != getattr(env, space):
                    yield f"{name}: the copy's {space} differs"
            if not trial.is_reproducible:
                return
            # The original begins first and goes on after the copy has played: neither
            # may move the other.
            first = trial.start(env).repeat(trial.rollout, at_most=1)
            copied = trial.start(twin).repeat(trial.rollout, at_most=_COMPARED_CALLS)
            for call in trial.rollout.calls[1:_COMPARED_CALLS]:
                if call.verb == "reset" or not first.calls[-1].is_complete:
                    break
                first.step(copy.deepcopy(call.action))
        finally:
            if twin is not env:
                twin.close()
    for line in compare(trial.rollout, copied):
        yield f"{name}: the copy, {line}"
    for line in compare(trial.rollout, first):
        yield f"{name}: the original after its copy has played, {line}"


def _judge_copies_on_their_way(
    name: str, make_copy: Callable[[Any], Any], trial: EnvTrial
) -> Iterator[str]:
    """Yield how a copy made in the middle of an episode goes on differently."""
    episode = [call for call in trial.rollout.calls if call.episode == 0]
    begun = min(_LATEST, (len(episode) + 1) // 2)
    what = f"{name} in the middle of an episode"
    with trial.used() as env:
        rollout = trial.start(env).repeat(trial.rollout, at_most=begun)
        try:
            twin = make_copy(env)
        except Exception as error:
            yield Hint(f"{what}: raised {tell_exception(error)}.")
            return
        with contextlib.closing(twin):
            copied = trial.start(twin)
            copied.calls = list(rollout.calls)
            for each in (copied, rollout):
                for call in episode[begun:_COMPARED_CALLS]:
                    if not each.repeat_call(call):
                        break
    if not (lines := list(compare(trial.rollout, copied))):
        lines = list(compare(trial.rollout, rollout))
        yield from (f"{what}: the original, after its copy, {line}" for line in lines)
    elif isinstance(env.unwrapped, EzPickle):
        yield Hint(f"{what}: the copy begins anew, as its EzPickle says.")
    elif (refusal := copied.calls[-1].error) is not None:
        yield Hint(f"{what}: the copy refuses to go on: {tell_exception(refusal)}.")
    else:
        yield from (f"{what}: the copy, {line}" for line in lines)
