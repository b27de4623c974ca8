"""An environment in an actor of a Ray cluster behaves as it does in this process."""

import contextlib
import copy
import os
import pickle
import signal
import sys
import threading
import time
import types

import cloudpickle
import gymnasium as gym
import numpy as np
import pytest

import rltools.cluster.placement
from rltools import BatchEnv
from rltools.errors import (
    ClosedError,
    ClusterError,
    InvalidArgumentError,
    MissingExtraError,
    NotPicklableError,
    PendingCallError,
    RemoteError,
    RequestTimeoutError,
    WorkerDiedError,
)
from rltools.mocks import MockEnvironment
from rltools.process import Promise, PromisingEnv
from rltools.wrappers import ExternalProcess, RayActor

cloudpickle.register_pickle_by_value(sys.modules[__name__])
pytestmark = pytest.mark.timeout(60)

HARMLESS, HARMFUL = 0, 1


class Robot(gym.Env):
    """Observes (steps, process id, random number); an action of 1 does `harm`."""

    observation_space = gym.spaces.Box(-np.inf, np.inf, (3,), np.float64)
    action_space = gym.spaces.Discrete(2)
    metadata = {"render_modes": ["ansi"], "speed": 7}
    render_mode = "ansi"

    def __init__(self, harm=None):
        self.harm = harm
        self.gravity = 9.8
        self.steps = 0

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.steps = 0
        if options and "harm" in options:
            options["harm"]()
        return self._observe(), {"seed": seed, "options": options and list(options)}

    def step(self, action):
        if action == HARMFUL:
            self.harm()
        self.steps += 1
        return self._observe(), 1.5, False, False, {"action": action}

    def add(self, first, *, second=0):
        return first + second

    def do(self, function):
        return function()

    def render(self):
        return "a robot"

    def _observe(self):
        return np.array([self.steps, os.getpid(), self.np_random.random()])


class RecordEpisodes(gym.Wrapper):
    """A wrapper, below which attributes are found."""


def kill_self():
    os.kill(os.getpid(), signal.SIGKILL)


def hold_the_interpreter():
    10 ** (10**8)  # A loop in C, which no signal handler of Python's interrupts.


def raise_odd():
    class OddError(Exception):
        def __init__(self, first, second):
            super().__init__(f"{first}, {second}")
            self.lock = threading.Lock()

    raise OddError("stuck", "twice")


@pytest.fixture
def make_actor(ray_cluster, no_actor_left):
    """A function like `RayActor`; what it made is closed after the test."""
    with contextlib.ExitStack() as stack:

        def make(constructor=Robot, **options):
            env = RayActor(constructor, **options)
            stack.callback(env.close)
            return env

        yield make


@pytest.fixture(scope="module")
def shared_robot(ray_cluster):
    with contextlib.closing(RayActor(lambda: RecordEpisodes(Robot()))) as env:
        yield env


@pytest.fixture
def robot(shared_robot):
    """An actor that many tests use, for each takes a second to start."""
    shared_robot.index = 0
    shared_robot.harm = None
    shared_robot.reset()
    return shared_robot


@pytest.fixture
def gate(tmp_path):
    """A gate that environments wait at, until it is opened once for each of them."""
    path = str(tmp_path / "gate")
    os.mkfifo(path)

    def wait():
        with open(path) as file:
            file.read()

    def open_gate():
        with open(path, "w"):
            pass

    wait.open = open_gate
    return wait


def test_same_trajectory_as_in_this_process(
    make_actor, monkeypatch, assert_same_trajectory
):
    def make():
        return MockEnvironment((3,), (2,), 2, 5)

    spec = gym.envs.registration.EnvSpec("Registered-v0", entry_point=make)
    monkeypatch.setitem(gym.registry, spec.id, spec)
    local, remote = make(), make_actor(lambda: gym.make("Registered-v0"))
    assert remote.spec.id == spec.id
    assert isinstance(remote, PromisingEnv)
    assert_same_trajectory(local, remote, np.zeros(2, np.float32))
    assert remote.steps == local.steps


def test_attributes_and_methods_of_the_environment(robot):
    env = robot
    assert env.gravity == 9.8
    env.gravity = 1.6
    assert env.get_wrapper_attr("gravity") == 1.6
    assert env.set_wrapper_attr("gravity", 3.7)
    assert env.gravity == 3.7
    assert env.has_wrapper_attr("gravity")
    assert not env.has_wrapper_attr("levity")
    assert env.add(1, second=2) == 3
    assert isinstance(env.call("add", 1), Promise)
    assert env.call("add", 1, second=5)() == 6
    assert env.metadata == Robot.metadata
    assert env.render_mode == "ansi"
    assert env.render() == "a robot"
    assert env.unwrapped is env
    with pytest.raises(AttributeError, match="levity"):
        env.levity  # noqa: B018
    with pytest.raises(AttributeError, match="not public"):
        env.call("_observe")
    with pytest.raises(AttributeError, match="np_random"):
        env.np_random  # noqa: B018


def test_seed_options_and_infos_pass_through(robot):
    assert robot.reset(seed=4, options={"a": 1})[1] == {"seed": 4, "options": ["a"]}
    _, reward, terminated, truncated, info = robot.step(HARMLESS)
    assert (reward, terminated, truncated, info) == (1.5, False, False, {"action": 0})


def test_has_an_index_and_tells_where_it_is(robot):
    robot.index = 12
    assert robot.reset()[0][1] == robot.pid != os.getpid()
    assert repr(robot) == f"<RayActor 12 of Worker 12 (pid {robot.pid} on 127.0.0.1)>"


# Promises.


def test_promises_in_any_order_and_twice(robot):
    numbers = [robot.call("add", number) for number in range(3)]
    assert [promise() for promise in reversed(numbers)] == [2, 1, 0]
    assert numbers[1]() == 1
    reset = robot.reset(seed=3, blocking=False)
    assert reset() is reset()
    assert reset.ready()


def test_waits_for_nothing_but_the_promise(robot, gate):
    env = robot
    env.harm = gate
    promise = env.step(HARMFUL, blocking=False)
    with pytest.raises(PendingCallError, match="step"):
        env.step(HARMLESS)
    with pytest.raises(PendingCallError, match="reset"):
        env.reset()
    assert not promise.ready()
    with pytest.raises(RequestTimeoutError, match=r"'step' .* within 0.05"):
        promise.result(timeout=0.05)
    gate.open()
    assert promise()[0][0] == 1
    assert promise.ready()
    assert env.step(HARMLESS)[0][0] == 2


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError])
def test_what_interrupts_a_wait_loses_nothing(robot, gate, error):
    def interrupt(*_):
        raise error

    kept = signal.signal(signal.SIGALRM, interrupt)
    robot.harm = gate
    promise = robot.step(HARMFUL, blocking=False)
    signal.setitimer(signal.ITIMER_REAL, 0.1)
    started = time.monotonic()
    with pytest.raises(error):
        promise()
    assert time.monotonic() - started < 5
    signal.signal(signal.SIGALRM, kept)
    gate.open()
    assert promise()[0][0] == 1
    assert robot.step(HARMLESS)[0][0] == 2


def test_dropped_promises_are_given_up(robot):
    robot.reset(blocking=False)
    robot.step(HARMLESS, blocking=False)
    assert robot.step(HARMLESS)[0][0] == 2


def test_late_replies_are_not_mixed_up(make_actor, gate):
    env = make_actor(lambda: Robot(gate), timeout=0.3)
    env.reset()
    promise = env.step(HARMFUL, blocking=False)
    with pytest.raises(RequestTimeoutError, match=r"within 0\.3 seconds") as caught:
        promise()
    assert (caught.value.command, caught.value.step) == ("step", 1)
    with pytest.raises(PendingCallError):
        env.step(HARMLESS)
    reset = env.reset(blocking=False)
    gate.open()
    assert reset.result(timeout=5)[0][0] == 0
    assert promise()[0][0] == 1, "Its own reply."
    assert env.step(HARMLESS)[0][0] == 1


# Errors.


def test_what_the_environment_raises(robot):
    env = robot
    env.harm = lambda: [].pop()
    env.index = 7
    env.reset()
    steps = env._supervisor.client.channel.steps
    env.step(HARMLESS)
    with pytest.raises(RemoteError, match="pop from empty list") as caught:
        env.step(HARMFUL)
    error = caught.value
    assert (error.worker, error.command, error.step) == (7, "step", steps + 2)
    assert error.original_type == "IndexError"
    assert isinstance(error.__cause__, IndexError)
    assert "in step" in error.remote_traceback
    assert "rltools" not in error.remote_traceback, "Our own code says nothing."
    assert env.reset()[0][0] == 0, "It lives on."
    with pytest.raises(RemoteError, match="TypeError") as caught:
        env.add()
    assert caught.value.command == "add"


def test_exceptions_that_can_not_be_pickled(robot):
    robot.harm = raise_odd
    with pytest.raises(RemoteError, match="stuck, twice") as caught:
        robot.step(HARMFUL)
    assert caught.value.__cause__ is None
    assert "OddError" in caught.value.original_type


@pytest.mark.parametrize("error", [SystemExit, KeyboardInterrupt])
def test_an_exit_is_no_order_to_the_actor(robot, error):
    def leave():
        raise error

    robot.harm = leave
    with pytest.raises(RemoteError, match=error.__name__):
        robot.step(HARMFUL)
    assert robot.reset()[0][0] == 0


def test_constructor_that_raises(make_actor):
    env = make_actor(lambda: 1 / 0)
    for _ in range(2):
        with pytest.raises(RemoteError, match="ZeroDivisionError") as caught:
            env.reset()
        assert caught.value.command == "constructor"


def test_constructor_that_dies(make_actor):
    with pytest.raises(WorkerDiedError, match="'constructor'") as caught:
        make_actor(kill_self).reset()
    assert caught.value.command == "constructor"


def test_what_can_not_be_pickled(robot, no_actor_left):
    lock = threading.Lock()
    with pytest.raises(NotPicklableError, match="constructor"):
        RayActor(lambda: lock)
    with pytest.raises(NotPicklableError, match="add"):
        robot.call("add", lock)
    with pytest.raises(NotPicklableError, match=r"'do'.*can't be pickled"):
        robot.do(threading.Lock)
    assert robot.step(HARMLESS)[0][0] == 1, "It lives on."


def test_can_not_be_copied(robot):
    for duplicate in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(NotPicklableError, match="constructor"):
            duplicate(robot)


def test_death(make_actor):
    env = make_actor(lambda: Robot(kill_self))
    env.index = 3
    env.reset()
    env.step(HARMLESS)
    pid = env.pid
    with pytest.raises(WorkerDiedError, match=rf"Worker 3 \(pid {pid}") as caught:
        env.step(HARMFUL)
    error = caught.value
    assert (error.worker, error.command, error.step) == (3, "step", 2)
    assert error.exit_code is None
    assert "died" in str(error.__cause__), "What Ray says."
    for use in (env.reset, env.render, lambda: env.step(0), lambda: env.gravity):
        with pytest.raises(WorkerDiedError, match="has died"):
            use()
    env.close()


def test_death_while_nobody_asks(make_actor, is_gone):
    env = make_actor()
    env.reset()
    os.kill(env.pid, signal.SIGKILL)
    assert is_gone(env.pid, 5)
    with pytest.raises(WorkerDiedError, match="no result of 'step'"):
        env.step(HARMLESS)


# Restarts.


def test_a_lost_episode_is_told_as_truncated(make_actor, is_gone):
    env = make_actor(lambda: Robot(kill_self), restarts=1)
    env.reset(seed=1)
    last = env.step(HARMLESS)[0]
    old = env.pid
    observ, reward, terminated, truncated, info = env.step(HARMFUL)
    np.testing.assert_array_equal(observ, last)
    assert (reward, terminated, truncated) == (0.0, False, True)
    assert info["worker_restarted"] is True
    assert f"pid {old}" in info["worker_error"]
    assert is_gone(old, 5)
    assert env.reset()[0][:2].tolist() == [0, env.pid]
    assert env.step(HARMLESS)[0][:2].tolist() == [1, env.pid]
    with pytest.raises(WorkerDiedError, match=f"pid {old}"):
        env.step(HARMFUL)
    with pytest.raises(WorkerDiedError, match=f"pid {old}"):
        env.reset()


def test_a_lost_reset_is_made_again_and_a_call_is_not(make_actor, tmp_path):
    marker = str(tmp_path / "died")

    def die_once():
        if not os.path.exists(marker):
            open(marker, "w").close()
            kill_self()

    env = make_actor(restarts=2)
    first = env.reset(seed=5)[0]
    observ, info = env.reset(seed=5, options={"harm": die_once})
    assert info["worker_restarted"] is True
    assert observ[2] == first[2], "The seed is that of the reset."
    assert observ[1] == env.pid != first[1]
    with pytest.raises(WorkerDiedError, match="'do'"):
        env.do(kill_self)
    assert env.gravity == 9.8
    assert env.step(HARMLESS)[3], "The episode was lost with the call."


def test_a_new_actor_has_a_new_stream_and_always_the_same(make_actor):
    env, here = make_actor(lambda: Robot(kill_self), restarts=1), Robot()
    env.reset(seed=9)
    env.step(HARMFUL)
    draws = [env.reset()[0][2], env.step(HARMLESS)[0][2]]
    # It follows from the last seed and the number of the actor's life.
    seed = int(np.random.SeedSequence([9, 1]).generate_state(1)[0])
    assert draws == [here.reset(seed=seed)[0][2], here.step(HARMLESS)[0][2]]


# The end.


def test_use_after_close(make_actor):
    env = make_actor()
    env.reset()
    pending = env.call("add", 1)
    env.close()
    env.close()
    assert repr(env).endswith(" closed>")
    for use in (env.reset, env.render, lambda: env.step(0), lambda: env.call("add")):
        with pytest.raises(ClosedError):
            use()
    assert pending() == 1, "It came before the end."


def test_environment_is_closed_once_there(make_actor, tmp_path, caplog):
    class Stuck(Robot):
        def close(self):
            with open(tmp_path / "log", "a") as file:
                file.write("closed\n")
            raise RuntimeError("the door is stuck")

    env = make_actor(Stuck)
    env.reset()
    env.close()
    env.close()
    assert (tmp_path / "log").read_text() == "closed\n"
    assert "the door is stuck" in caplog.text


def test_close_ends_an_environment_that_hangs(make_actor, is_gone, monkeypatch):
    monkeypatch.setattr("rltools.process.worker_env._SECONDS_TO_CLOSE", 0.5)
    env = make_actor(lambda: Robot(hold_the_interpreter))
    env.reset()
    pid = env.pid
    promise = env.step(HARMFUL, blocking=False)
    started = time.monotonic()
    env.close()
    assert time.monotonic() - started < 3
    assert is_gone(pid, 2)
    with pytest.raises(ClosedError):
        promise()


def test_close_of_one_that_never_found_a_place(make_actor, caplog, monkeypatch):
    monkeypatch.setattr(rltools.cluster.placement, "_SECONDS_TO_WARN", 0.1)
    env = make_actor(num_cpus=1000)
    caught = []

    def wait():
        try:
            env.reset()
        except ClosedError as error:
            caught.append(error)

    waiting = threading.Thread(target=wait)
    waiting.start()
    deadline = time.monotonic() + 10
    while "needs {'CPU': 1000}" not in caplog.text and time.monotonic() < deadline:
        waiting.join(0.05)
    assert "needs {'CPU': 1000}, and the cluster has {'CPU':" in caplog.text
    assert repr(env) == f"<RayActor {env.index} of Worker {env.index} (not placed)>"
    started = time.monotonic()
    env.close()
    assert time.monotonic() - started < 5
    waiting.join(10)
    assert "was closed before 'constructor'" in str(caught)


def test_in_a_batch_beside_others(make_actor, ray_cluster):
    def make():
        return MockEnvironment((3,), (2,), 2, 4)

    def play(*envs):
        with contextlib.closing(BatchEnv(envs, autoreset="same_step")) as batch:
            results = [batch.reset(seed=3)]
            batch.action_space.seed(1)
            for _ in range(12):
                promise = batch.step(batch.action_space.sample(), blocking=False)
                results.append(promise())
        return results

    expected = play(*(make() for _ in range(3)))
    mixed = play(make_actor(make), ExternalProcess(make), make())
    for one, two in zip(expected, mixed, strict=True):
        for left, right in zip(one[:-1], two[:-1], strict=True):
            np.testing.assert_array_equal(left, right, strict=True)
        assert one[-1].keys() == two[-1].keys()
        finals = one[-1].get("final_obs", ()), two[-1].get("final_obs", ())
        for left, right in zip(*finals, strict=True):
            np.testing.assert_array_equal(left, right)


# Arguments, for which no cluster is needed.


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"make": 3}, "make to be callable, got 3"),
        ({"timeout": 0}, "timeout to be a positive number"),
        ({"restarts": -1}, "restarts to be an integer of at least 0"),
        ({"max_restarts": 2}, "no Ray option 'max_restarts'"),
        ({"max_concurrency": 2}, "no Ray option 'max_concurrency'"),
        ({"lifetime": "detached"}, "no Ray option 'lifetime'.*'detached'"),
    ],
)
def test_invalid_arguments(arguments, message):
    with pytest.raises(InvalidArgumentError, match=message):
        RayActor(**{"make": Robot, **arguments})


@pytest.mark.parametrize("options", [{"num_cpu": 1}, {"num_cpus": "many"}])
def test_options_that_ray_does_not_take(ray_cluster, no_actor_left, options):
    with pytest.raises(InvalidArgumentError, match="options of a Ray actor"):
        RayActor(Robot, **options)


def test_a_missing_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingExtraError, match=r'pip install "rltools\[ray\]"'):
        RayActor(Robot)


def test_no_cluster_is_started(monkeypatch):
    def init(address):
        assert address == "auto"
        raise ConnectionError("Could not find any running Ray instance.")

    ray = types.ModuleType("ray")
    ray.is_initialized = lambda: False
    ray.init = init
    monkeypatch.setitem(sys.modules, "ray", ray)
    with pytest.raises(ClusterError, match=r"ray start --head.*not find any running"):
        RayActor(Robot)
