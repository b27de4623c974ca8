"""Checks of an environment's life beside its episodes: L1 to L3."""

import contextlib
import copy
import functools
import inspect
import pickle
from collections.abc import Callable, Iterator
from typing import Any

import gymnasium as gym
import numpy as np

from rltools.checks.check import Hint, SkipCheck, check, tell_exception
from rltools.checks.environments.trial import SECONDS_PER_CALL, EnvTrial
from rltools.checks.rollout import compare
from rltools.errors import NotPicklableError
from rltools.space_checks import describe
from rltools.wrappers.external_process import ExternalProcess

_COMPARED_CALLS = 50
_TEXT_MODES = ("ansi", "ansi_list")


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
    """Yield copies that can't be made, differ, or have something in common."""
    if not trial.options.picklable:
        raise SkipCheck("it is declared that it can't be pickled")
    trial.require_another()
    yield from _judge_copies("pickle", lambda e: pickle.loads(pickle.dumps(e)), trial)
    yield from _judge_copies("deepcopy", copy.deepcopy, trial)


@check("L3", "every declared mode renders", needs=["T1"])
def modes_render(trial: EnvTrial) -> Iterator[str]:
    """Yield declared modes whose frames are of the wrong kind or can't be made."""
    declared = trial.env.metadata.get("render_modes", [])
    own = trial.env.render_mode
    if own is not None and own not in declared:
        yield f"render_mode: expected one of those declared, {declared}, got {own!r}"
    if _takes_mode(trial.make):
        modes = [mode for mode in declared if mode != "human"]
    else:
        modes = [own] if own not in (None, "human") else []
    if not modes:
        raise SkipCheck(
            "no mode can be rendered without a screen: the environment declares "
            f"{declared}, was made for {own!r}, and make takes "
            f"{'a' if _takes_mode(trial.make) else 'no'} render_mode"
        )
    hints, is_wrong, rendered = [], False, 0
    for mode in modes:
        options = {"render_mode": mode} if _takes_mode(trial.make) else {}
        try:
            with _started(trial, options) as env:
                trial.start(env).play(steps=1, episodes=0, at_most=1)
                made_for, frame = env.render_mode, env.render()
        except Exception as error:
            cause = error.__cause__ or error
            if isinstance(cause, gym.error.DependencyNotInstalled):
                hints.append(f"{mode} was not rendered: {cause}")
            else:
                is_wrong = True
                yield f"{mode}: raised {tell_exception(cause)}"
            continue
        rendered += 1
        if made_for != mode:
            yield f"{mode}: expected an environment of this mode, got {made_for!r}"
        yield from _judge_frame(frame, mode)
    if not (rendered or is_wrong):
        raise SkipCheck(" ".join(hints))
    yield from map(Hint, hints)


CHECKS = (close_works_twice, copies_do_the_same, modes_render)


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


@contextlib.contextmanager
def _started(trial: EnvTrial, options: dict[str, Any]) -> Iterator[gym.Env[Any, Any]]:
    """An environment to render, in another process: without a screen some abort."""
    make = functools.partial(trial.make, **options)
    if not trial.instances.are_many:
        trial.instances.close()
    if not trial.options.processes:
        env = make()
    else:
        try:
            env = ExternalProcess(make, timeout=SECONDS_PER_CALL)
        except NotPicklableError:
            env = make()
    with contextlib.closing(env):
        yield env


def _judge_frame(frame: Any, mode: str) -> Iterator[str]:
    if mode.endswith("_list"):
        if not isinstance(frame, list):
            yield f"{mode}: expected a list of frames, got {describe(frame)}"
            return
        frames = frame
    else:
        frames = [frame]
    for each in frames:
        if mode in _TEXT_MODES:
            if not isinstance(each, str):
                yield f"{mode}: expected text, got {describe(each)}"
        elif mode.startswith("rgb_array") and not _is_image(each):
            yield (
                f"{mode}: expected an array of shape [height, width, 3] and dtype "
                f"uint8, got {describe(each)}"
            )


def _is_image(frame: Any) -> bool:
    return (
        isinstance(frame, np.ndarray)
        and frame.ndim == 3
        and frame.shape[2] == 3
        and frame.dtype == np.uint8
    )


def _takes_mode(make: Callable[..., Any]) -> bool:
    try:
        inspect.signature(make).bind(render_mode="rgb_array")
    except (TypeError, ValueError):  # ValueError: it has no signature.
        return False
    return True
