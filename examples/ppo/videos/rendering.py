"""Pictures of environments, also of those in other processes."""

import os
import re
import sys
from collections.abc import Callable, Sequence
from typing import Any

import gymnasium as gym

import rltools
from examples.ppo.commands.programs import explain
from rltools.errors import RLToolsError
from rltools.process.worker_env import WorkerEnv

MODE = "rgb_array"
_DEFAULT_SPEED = 30.0
_GRAPHICS = re.compile(r"mujoco|opengl|egl|glfw|osmesa|MjrContext", re.IGNORECASE)


class RenderingError(RLToolsError, RuntimeError):
    """An environment can't be rendered."""


def prepare_graphics() -> None:
    """Choose how MuJoCo and SDL draw where there is no screen and nobody has chosen.

    Takes effect in processes that are started later, and in this one as long as they
    have not been imported.
    """
    has_screen = "DISPLAY" in os.environ or "WAYLAND_DISPLAY" in os.environ
    if sys.platform == "linux" and not has_screen:
        os.environ.setdefault("MUJOCO_GL", "egl")
        os.environ.setdefault("SDL_VIDEODRIVER", "dummy")


def check_renders(make: Callable[[], gym.Env], name: str) -> float:
    """Check that an environment can be rendered as pictures.

    Args:
        make: Makes the environment, without a render mode.
        name: Its name, for the message.

    Returns:
        How many of its steps fill a second, 30 if it doesn't say.

    Raises:
        RenderingError: It has no such mode.
    """
    env = make()
    metadata = env.metadata
    env.close()
    modes = list(metadata.get("render_modes") or ())
    if MODE not in modes:
        raise RenderingError(
            f"{name} can't be shown, as it has no render mode {MODE!r}: its "
            f"metadata['render_modes'] is {modes}."
        )
    return float(metadata.get("render_fps") or _DEFAULT_SPEED)


def check_mode(batch: rltools.BatchEnv, name: str) -> None:
    """Check that environments have been made with the mode above.

    Raises:
        RenderingError: Their constructor has not passed it on.
    """
    if batch.render_mode != MODE:
        raise RenderingError(
            f"{name} can't be shown: expected it to take render_mode={MODE!r} and pass "
            f"it on, but the environment's render_mode is {batch.render_mode!r}."
        )


def render(batch: rltools.BatchEnv, indices: Sequence[int]) -> list[Any]:
    """Render some environments of a batch; those in other processes at the same time.

    Args:
        batch: The environments, made with the mode above.
        indices: Which ones.

    Returns:
        What they return, uint8 [height, width, 3] if all is well.

    Raises:
        RenderingError: An environment failed.
    """
    try:
        pending: list[Callable[[], Any]] = []
        for index in indices:
            env = batch[index]
            if isinstance(env, WorkerEnv):
                pending.append(env.call("render"))
            else:
                pending.append(env.render)
        return [fetch() for fetch in pending]
    except Exception as error:
        raise RenderingError(
            f"Can't render: {explain(error)}{_advice(error)}"
        ) from error


def _advice(error: Exception) -> str:
    if not _GRAPHICS.search(str(error)):
        return ""
    chosen = os.environ.get("MUJOCO_GL")
    return (
        f" (MUJOCO_GL is {'not set' if chosen is None else repr(chosen)}. MuJoCo draws "
        "without a screen with MUJOCO_GL=egl or osmesa, and needs the library of that "
        "name: libegl1 or libosmesa6 in Debian.)"
    )
