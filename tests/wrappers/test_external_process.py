"""An environment in another process behaves as it does in this one."""

import os
import sys

import cloudpickle
import gymnasium as gym
import numpy as np
import pytest

from rltools.checks import check_env
from rltools.errors import InvalidArgumentError, RemoteError
from rltools.mocks import MockEnvironment
from rltools.mocks.broken import SoundEnvironment
from rltools.process import Promise
from rltools.wrappers import ClipAction, ExternalProcess

cloudpickle.register_pickle_by_value(sys.modules[__name__])
pytestmark = pytest.mark.timeout(60)


class Robot(gym.Env):
    observation_space = gym.spaces.Box(-1, 1, (2,), np.float32)
    action_space = gym.spaces.Discrete(3)
    metadata = {"render_modes": ["ansi"], "speed": 7}
    render_mode = "ansi"

    def __init__(self):
        self.gravity = 9.8
        self.resets = []
        self.closed_into = None

    def reset(self, *, seed=None, options=None):
        self.resets.append((seed, options))
        return np.zeros(2, np.float32), {"resets": len(self.resets)}

    def step(self, action):
        return np.ones(2, np.float32), 1.5, True, np.bool_(True), {"action": action}

    def add(self, first, *, second=0):
        return first + second

    def render(self):
        return "a robot"

    def close(self):
        if self.closed_into:
            with open(self.closed_into, "a") as file:
                file.write("closed\n")


def make_sound(render_mode=None):
    return ExternalProcess(lambda: SoundEnvironment(render_mode), timeout=30)


def test_keeps_every_law_of_environments():
    # What runs in a process of its own can't be copied.
    report = check_env(make_sound, picklable=False, processes=False)
    report.raise_on_failure()
    assert [result.name for result in report.skipped] == ["L2"]


def test_same_trajectory_as_in_this_process(external_process, assert_same_trajectory):
    def make():
        return MockEnvironment((3,), (2,), 2, 5)

    local, remote = make(), external_process(make)
    assert_same_trajectory(local, remote, np.zeros(2, np.float32))
    assert remote.steps == local.steps


def test_runs_in_another_process(external_process):
    env = external_process(Robot)
    assert env.pid != os.getpid()
    assert os.getpgid(env.pid) == env.pid


def test_attributes_and_methods_of_the_environment(external_process):
    env = external_process(Robot)
    assert env.gravity == 9.8
    env.gravity = 1.6
    assert env.get_wrapper_attr("gravity") == 1.6
    env.set_wrapper_attr("gravity", 3.7)
    assert env.gravity == 3.7
    assert env.has_wrapper_attr("gravity")
    assert not env.has_wrapper_attr("levity")
    assert not env.set_wrapper_attr("levity", 1, force=False)
    assert not env.has_wrapper_attr("levity")
    assert env.add(1, second=2) == 3
    assert isinstance(env.call("add", 1), Promise)
    assert env.call("add", 1, second=5)() == 6
    assert env.call("gravity")() == 3.7
    with pytest.raises(AttributeError, match="levity"):
        env.levity  # noqa: B018
    with pytest.raises(RemoteError, match="TypeError"):
        env.add()


def test_attributes_are_found_below_wrappers(external_process):
    env = external_process(lambda: gym.wrappers.TimeLimit(Robot(), 5))
    assert env.gravity == 9.8
    assert env.add(1) == 1


def test_what_gymnasium_defines_for_every_environment(external_process):
    env = external_process(Robot)
    assert env.metadata == Robot.metadata
    assert env.render_mode == "ansi"
    assert env.render() == "a robot"
    assert env.spec is None
    assert env.unwrapped is env
    assert external_process(lambda: gym.make("CartPole-v1")).spec.id == "CartPole-v1"


def test_seed_options_and_infos_pass_through(external_process):
    env = external_process(Robot)
    assert env.reset(seed=4, options={"a": 1})[1] == {"resets": 1}
    assert env.resets == [(4, {"a": 1})]
    _, reward, terminated, truncated, info = env.step(2)
    assert (reward, terminated, truncated, info) == (1.5, True, True, {"action": 2})


def test_environment_is_closed_once_in_its_process(tmp_path):
    log = tmp_path / "log"
    env = ExternalProcess(Robot)
    env.closed_into = str(log)
    env.close()
    env.close()
    assert log.read_text() == "closed\n"


def test_error_in_close_is_logged(caplog):
    class Stuck(Robot):
        def close(self):
            raise RuntimeError("the door is stuck")

    env = ExternalProcess(Stuck)
    env.reset()
    env.close()
    assert "the door is stuck" in caplog.text


def test_can_be_wrapped(external_process):
    env = ClipAction(external_process(lambda: gym.make("Pendulum-v1")))
    env.reset(seed=1)
    assert env.step(np.array([100.0], np.float32))[1] < 0


def test_workers_use_one_thread_unless_asked(external_process, monkeypatch):
    def threads():
        env = external_process(lambda: _with(Robot(), lambda: dict(os.environ)))
        return env.compute()["OMP_NUM_THREADS"]

    def _with(env, function):
        env.compute = function
        return env

    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert threads() == "1"
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert threads() == "3"


def test_workers_import_no_tensorflow(external_process):
    def make():
        env = Robot()
        env.modules = sorted(sys.modules)
        return env

    assert "tensorflow" not in external_process(make).modules


@pytest.mark.parametrize("constructor", [None, 3, "gym.make"])
def test_constructor_must_be_callable(constructor):
    with pytest.raises(InvalidArgumentError, match="constructor to be callable"):
        ExternalProcess(constructor)


@pytest.mark.parametrize("timeout", [0, -1.0, "5", True])
def test_timeout_must_be_positive(timeout):
    with pytest.raises(InvalidArgumentError, match="timeout to be a positive number"):
        ExternalProcess(Robot, timeout=timeout)
