import functools
import sys
import types

import gymnasium as gym
import numpy as np
import pytest

from examples.ppo.runs.environments import define_batch_env, make_env
from rltools import mocks


@pytest.mark.parametrize(
    ("normalize_ranges", "action", "same_as"),
    [
        (True, 0.25, 0.5),  # The torque of a pendulum is between -2 and 2.
        (True, -1.0, -2.0),
        (True, 7.0, 2.0),
        (False, 0.25, 0.25),
        (False, -7.0, -2.0),
    ],
)
def test_any_continuous_action_is_fine(make_config, normalize_ranges, action, same_as):
    env = make_env(make_config(normalize_ranges=normalize_ranges))
    bare = gym.make("Pendulum-v1")
    env.reset(seed=3)
    bare.reset(seed=3)
    action = np.array([action], np.float32)
    assert env.action_space.contains(action)
    actual = env.step(action)
    expected = bare.step(np.array([same_as], np.float32))
    np.testing.assert_allclose(actual[0], expected[0], rtol=1e-6)
    assert actual[1] == pytest.approx(expected[1])


def test_observations_and_other_actions_are_left_alone(make_config):
    env = make_env(make_config(env="CartPole-v1"))
    bare = gym.make("CartPole-v1")
    assert env.observation_space == bare.observation_space
    assert env.action_space == bare.action_space
    np.testing.assert_array_equal(env.reset(seed=3)[0], bare.reset(seed=3)[0])


def test_renders_as_it_is_told(make_config):
    config = make_config(env="CartPole-v1")
    assert make_env(config).render_mode is None
    env = make_env(config, render_mode="rgb_array")
    env.reset()
    assert env.render().shape == (400, 600, 3)


def test_an_environment_may_know_no_render_mode(make_config):
    gym.register("NoRenderMode-v0", lambda: gym.make("Pendulum-v1").unwrapped)
    try:
        env = make_env(make_config(env="NoRenderMode-v0"))
    finally:
        del gym.registry["NoRenderMode-v0"]
    assert env.reset()[0].shape == (3,)


ENVIRONMENTS = """
import gymnasium as gym

def make():
    return gym.make("CartPole-v1")

def make_rendered(render_mode=None):
    return gym.make("CartPole-v1", render_mode=render_mode)
"""


@pytest.mark.parametrize(
    ("name", "mode"), [("make", None), ("make_rendered", "rgb_array")]
)
def test_a_constructor_of_a_user_may_take_a_render_mode(
    make_config, tmp_path, monkeypatch, name, mode
):
    (tmp_path / "rendered_environments.py").write_text(ENVIRONMENTS)
    monkeypatch.syspath_prepend(tmp_path)
    config = make_config(env=f"rendered_environments:{name}")
    assert make_env(config).render_mode is None
    assert make_env(config, render_mode="rgb_array").render_mode == mode


def test_episodes_are_truncated(make_config):
    env = make_env(make_config(max_length=3))
    env.reset()
    flags = [env.step(np.zeros(1, np.float32))[2:4] for _ in range(3)]
    assert flags == [(False, False), (False, False), (False, True)]


@pytest.mark.parametrize("env_processes", [True, False])
def test_batch_of_environments(make_config, env_processes):
    constructor = functools.partial(make_env, make_config())
    batch = define_batch_env(constructor, 3, env_processes)
    try:
        assert len(batch) == 3
        assert (batch.plan.workers > 0) == env_processes
        assert batch.plan.step_seconds is None  # Nothing was tried.
        observ, _ = batch.reset(seed=0)
        assert len(np.unique(observ, axis=0)) == 3
    finally:
        batch.close()


def make_cart(render_mode=None):
    return gym.make("CartPole-v1", render_mode=render_mode)


def make_nested():
    return mocks.MockEnvironment(
        (1,),
        action_space=gym.spaces.Dict(
            a=gym.spaces.Box(2, 4, (1,)), b=gym.spaces.Discrete(3)
        ),
    )


@pytest.fixture
def constructors(monkeypatch):
    """A module with constructors, for configs to name."""
    module = types.ModuleType("constructors_of_a_test")
    module.make_cart, module.make_nested = make_cart, make_nested
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return module.__name__


def test_a_constructor_can_make_the_environment(make_config, constructors):
    config = make_config(env=f"{constructors}:make_cart", max_length=3)
    env = make_env(config)
    assert env.render_mode is None
    assert env.spec.id == "CartPole-v1"
    env.reset()
    assert [env.step(0)[3] for _ in range(3)] == [False, False, True]
    assert make_env(config, "rgb_array").render_mode == "rgb_array"


def test_nested_actions_have_no_bounds(make_config, constructors):
    env = make_env(make_config(env=f"{constructors}:make_nested"))
    env.reset(seed=0)
    action = {"a": np.float32([100]), "b": np.int64(1)}
    assert env.action_space.contains(action)
    env.step(action)


def test_processes_are_used_where_that_is_faster(make_config):
    """A step of this one takes less time than a message."""
    constructor = functools.partial(make_env, make_config(env="CartPole-v1"))
    batch = define_batch_env(constructor, 2, None)
    try:
        assert batch.plan.workers == 0
        assert batch.plan.step_seconds < 1e-3
    finally:
        batch.close()
