"""Checks of what rendering returns, and of what it does to an episode: L3 to L5."""

import contextlib
import inspect
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import gymnasium as gym
import numpy as np

from rltools.checks.check import Hint, SkipCheck, check, tell_exception
from rltools.checks.environments.frame_watch import FrameWatch, Rendering
from rltools.checks.environments.trial import SECONDS_PER_CALL, EnvTrial
from rltools.checks.rollout import Rollout, compare
from rltools.errors import NotPicklableError
from rltools.space_checks import describe
from rltools.wrappers.external_process import ExternalProcess

_COMPARED_CALLS = 20
_TEXT_MODES = ("ansi", "ansi_list")


@check("L3", "every declared mode renders", needs=["T1"])
def modes_render(trial: EnvTrial) -> Iterator[str]:
    """Yield declared modes whose frames are of the wrong kind or can't be made."""
    declared, own = trial.env.metadata.get("render_modes", []), trial.env.render_mode
    if own is not None and own not in declared:
        yield f"render_mode: expected one of those declared, {declared}, got {own!r}"
    hints = []
    renderings = list(_render_all(trial))
    for mode, rendering in renderings:
        if rendering.missing is not None:
            hints.append(f"{mode} was not rendered: {rendering.missing}")
        elif rendering.error is not None:
            yield f"{mode}: raised {tell_exception(rendering.error)}"
        else:
            if rendering.made_for != mode:
                got = rendering.made_for
                yield f"{mode}: expected an environment of this mode, got {got!r}"
            for frame in rendering.frames:
                if problems := list(_judge_frame(frame, mode)):
                    yield from problems
                    break
    if len(hints) == len(renderings):
        raise SkipCheck(" ".join(hints))
    yield from map(Hint, hints)


@check("L4", "rendering leaves the episode as it is", needs=["D2", "L3"])
def rendering_changes_nothing(trial: EnvTrial) -> Iterator[str]:
    """Yield steps that come out otherwise with a mode, or between frames."""
    trial.require_reproducible()
    for mode, rendering in _render_all(trial):
        if rendering.rollout is None:
            continue
        lines = list(compare(trial.rollout, rendering.rollout, same_types=False))
        if not lines:
            continue
        unseen = _render(trial, mode, is_shown=False)
        if unseen.rollout is not None and (
            found := list(compare(trial.rollout, unseen.rollout, same_types=False))
        ):
            yield f"made for {mode!r} and not rendered, {found[0]}"
        else:
            yield f"rendered as {mode!r} after every call, {lines[0]}"
    _skip_if_nothing_was_rendered(trial)


@check("L5", "a frame stays as it was returned", needs=["L3"])
def frames_stay(trial: EnvTrial) -> Iterator[str]:
    """Yield frames that a later one is written into."""
    for mode, rendering in _render_all(trial):
        if rendering.changed:
            yield f"{mode}: {rendering.changed}"
    _skip_if_nothing_was_rendered(trial)


CHECKS = (modes_render, rendering_changes_nothing, frames_stay)


def _render_all(trial: EnvTrial) -> Iterator[tuple[str, Rendering]]:
    """What comes of every mode that can be rendered without a screen.

    Raises:
        SkipCheck: There is none.
    """
    declared, own = trial.env.metadata.get("render_modes", []), trial.env.render_mode
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
    for mode in modes:
        if mode not in trial.renderings:
            trial.renderings[mode] = _render(trial, mode, is_shown=True)
        yield mode, trial.renderings[mode]


def _skip_if_nothing_was_rendered(trial: EnvTrial) -> None:
    renderings = [rendering for _, rendering in _render_all(trial)]
    if all(rendering.rollout is None for rendering in renderings):
        reason = renderings[0].missing or renderings[0].error
        raise SkipCheck(f"nothing was rendered: {reason}")


def _render(trial: EnvTrial, mode: str, *, is_shown: bool) -> Rendering:
    """Play the rollout's first calls in a mode, and render after each of them."""
    options = {"render_mode": mode} if _takes_mode(trial.make) else {}
    make = partial(_make_watched, trial.make, options, is_shown)
    try:
        with _started(trial, make) as env:
            rollout = trial.start(env)
            rollout.repeat(trial.rollout, at_most=_COMPARED_CALLS)
            _raise_what_is_new(rollout, trial.rollout)
            look = env.call("look") if isinstance(env, ExternalProcess) else env.look
            return Rendering(rollout=rollout, **look())
    except Exception as error:
        cause = error.__cause__ or error
        if isinstance(cause, gym.error.DependencyNotInstalled):
            return Rendering(missing=str(cause))
        return Rendering(error=cause)


def _raise_what_is_new(rollout: Rollout, known: Rollout) -> None:
    for call, before in zip(rollout.calls, known.calls, strict=False):
        if call.error is not None and before.error is None:
            raise call.error


def _make_watched(
    make: Callable[..., gym.Env[Any, Any]], options: dict[str, Any], is_shown: bool
) -> FrameWatch:
    return FrameWatch(make(**options), is_shown=is_shown)


@contextlib.contextmanager
def _started(trial: EnvTrial, make: Callable[[], FrameWatch]) -> Iterator[Any]:
    """An environment to render, in another process: without a screen some abort."""
    if not trial.instances.are_many:
        trial.instances.close()
    if not trial.options.processes:
        env: Any = make()
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
