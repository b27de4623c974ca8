import sys

import gymnasium as gym
import numpy as np
import pytest

import rltools
from examples.ppo.videos.rendering import (
    MODE,
    RenderingError,
    check_mode,
    check_renders,
    prepare_graphics,
    render,
)
from rltools.wrappers import ExternalProcess


class Painter(gym.Env):
    """Its pictures are as bright as its number."""

    metadata = {"render_modes": [MODE], "render_fps": 12}
    observation_space = gym.spaces.Box(0, 1, (1,))
    action_space = gym.spaces.Discrete(2)
    render_mode = MODE

    def __init__(self, number=0, error=None):
        self.number = number
        self.error = error

    def reset(self, *, seed=None, options=None):
        return np.zeros(1, np.float32), {}

    def render(self):
        if self.error:
            raise self.error
        return np.full([4, 4, 3], self.number, np.uint8)


class Blind(Painter):
    metadata = {"render_modes": ["human"]}


class Silent(Painter):
    metadata = {"render_modes": [MODE]}


class Legacy(Painter):
    metadata = {}


def test_how_fast_it_is_shown():
    assert check_renders(Painter, "Painter") == 12
    assert check_renders(Silent, "Silent") == 30


@pytest.mark.parametrize(("kind", "modes"), [(Blind, ["human"]), (Legacy, [])])
def test_no_pictures(kind, modes):
    with pytest.raises(RenderingError) as caught:
        check_renders(kind, "Mine-v0")
    assert str(caught.value) == (
        "Mine-v0 can't be shown, as it has no render mode 'rgb_array': its "
        f"metadata['render_modes'] is {modes}."
    )


def test_a_constructor_that_does_not_pass_the_mode_on():
    batch = rltools.BatchEnv([Painter()])
    check_mode(batch, "mine:make")
    batch = rltools.BatchEnv([gym.make("CartPole-v1")])
    with pytest.raises(
        RenderingError, match="mine:make can't be shown: expected it to"
    ):
        check_mode(batch, "mine:make")


@pytest.mark.parametrize("process", [True, False])
def test_pictures_come_from_the_environments_that_were_meant(process):
    def make(number):
        if process:
            return ExternalProcess(lambda: Painter(number))
        return Painter(number)

    batch = rltools.BatchEnv([make(number) for number in range(3)])
    try:
        batch.reset()
        frames = render(batch, [2, 0])
        assert [frame.max() for frame in frames] == [2, 0]
        assert render(batch, []) == []
    finally:
        batch.close()


@pytest.mark.parametrize("process", [True, False])
@pytest.mark.parametrize(
    ("error", "message", "is_graphics"),
    [
        (ValueError("no paint\nat all"), "ValueError: no paint", False),
        (
            OSError("an OpenGL library is missing"),
            "OSError: an OpenGL library is",
            True,
        ),
        (gym.error.DependencyNotInstalled("get pygame"), "get pygame", False),
    ],
)
def test_errors_are_one_line(monkeypatch, process, error, message, is_graphics):
    monkeypatch.setenv("MUJOCO_GL", "glfw")

    def make():
        return Painter(error=error)

    batch = rltools.BatchEnv([ExternalProcess(make) if process else make()])
    try:
        batch.reset()
        with pytest.raises(RenderingError) as caught:
            render(batch, [0])
    finally:
        batch.close()
    text = str(caught.value)
    assert text.startswith(f"Can't render: {message}")
    assert "\n" not in text
    assert ("MUJOCO_GL is 'glfw'." in text) == is_graphics
    assert ("libegl1 or libosmesa6" in text) == is_graphics


def test_mujoco_without_graphics_says_what_to_set(monkeypatch):
    pytest.importorskip("mujoco")
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MUJOCO_GL", "glfw")

    def make():
        return gym.make("InvertedPendulum-v5", render_mode=MODE)

    batch = rltools.BatchEnv([ExternalProcess(make)])
    try:
        batch.reset()
        with pytest.raises(RenderingError, match="MUJOCO_GL=egl or osmesa"):
            render(batch, [0])
    finally:
        batch.close()


@pytest.mark.skipif(sys.platform != "linux", reason="MuJoCo draws otherwise elsewhere")
class TestPrepareGraphics:
    @pytest.fixture(autouse=True)
    def _nothing_is_set(self, monkeypatch):
        self.names = ("DISPLAY", "WAYLAND_DISPLAY", "MUJOCO_GL", "SDL_VIDEODRIVER")
        for name in self.names:
            monkeypatch.setenv(name, "")  # So that all is as before in the end.
            monkeypatch.delenv(name)

    def chosen(self, monkeypatch, **variables):
        import os

        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        prepare_graphics()
        return tuple(os.environ.get(name) for name in self.names[2:])

    def test_no_screen(self, monkeypatch):
        assert self.chosen(monkeypatch) == ("egl", "dummy")

    @pytest.mark.parametrize("name", ["DISPLAY", "WAYLAND_DISPLAY"])
    def test_a_screen(self, monkeypatch, name):
        assert self.chosen(monkeypatch, **{name: ":0"}) == (None, None)

    def test_what_was_chosen_stays(self, monkeypatch):
        assert self.chosen(monkeypatch, MUJOCO_GL="osmesa") == ("osmesa", "dummy")
