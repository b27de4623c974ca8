"""A batch in actors of a Ray cluster: equal to one of this process, and to be lost.

Where an environment is `FaultyEnv`, observations are (number, steps in the episode,
process id). Actor 0 has the environments 0 and 1 of the batch, actor 1 has 2 and 3.
"""

import contextlib
import logging
import os
import signal
import sys

import cloudpickle
import gymnasium as gym
import numpy as np
import pytest

from rltools import BatchEnv
from rltools.checks import differences
from rltools.cluster.channel import ActorChannel
from rltools.errors import (
    InvalidArgumentError,
    InvalidObservationError,
    PendingCallError,
    RemoteError,
    RequestTimeoutError,
    ResetNeededError,
    WorkerDiedError,
)
from rltools.mocks import MockEnvironment

cloudpickle.register_pickle_by_value(sys.modules[__name__])
pytestmark = pytest.mark.timeout(60)

SPACES = {
    "box": gym.spaces.Box(-1, 1, (2, 3), np.float32),
    "nested": gym.spaces.Dict(
        # Large enough for the memory that a node shares with its actors.
        image=gym.spaces.Box(0, 255, (200, 200, 3), np.uint8),
        more=gym.spaces.Tuple(
            [gym.spaces.Discrete(5), gym.spaces.Text(4), gym.spaces.MultiBinary(3)]
        ),
    ),
}


class FaultyEnv(gym.Env):
    """An action of 1 does `harm`; so does a reset whose option "harm" is its number."""

    observation_space = gym.spaces.Box(-np.inf, np.inf, (3,), np.float64)
    action_space = gym.spaces.Discrete(2)

    def __init__(self, number=0, harm=None):
        self.number = number
        self.harm = harm
        self.steps = 0

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        if options and options["harm"] == self.number:
            self.harm()
        self.steps = 0
        return self._observe(), {"seed": seed} if seed else {}

    def step(self, action):
        if action == 1:
            self.harm()
        self.steps += 1
        return self._observe(), 1.0, False, False, {}

    def run(self, function):
        return function()

    def _observe(self):
        return np.array([self.number, self.steps, os.getpid()], np.float64)


class BadEnv(FaultyEnv):
    """Harm makes its observation one value too long."""

    def __init__(self, number, _=None):
        super().__init__(number, self.do_harm)
        self.is_bad = False

    def do_harm(self):
        self.is_bad = True

    def _observe(self):
        is_bad, self.is_bad = self.is_bad, False
        return np.append(super()._observe(), [0.0] * is_bad)


def kill_self():
    os.kill(os.getpid(), signal.SIGKILL)


def hold_the_interpreter():
    10 ** (10**8)  # A loop in C, which no signal handler of Python's interrupts.


def actions(*ones):
    return np.isin(np.arange(4), ones).astype(np.int64)


def steps(observ):
    return observ[:, 1].tolist()


@pytest.fixture
def launch(ray_cluster, no_actor_left):
    """A function that launches four faulty environments in two actors."""
    with contextlib.ExitStack() as stack:

        def launch(harm=None, *, env=FaultyEnv, **options):
            makes = [lambda number=i: env(number, harm) for i in range(4)]
            options = {"workers": 2, "cluster": "ray", **options}
            return stack.enter_context(
                contextlib.closing(BatchEnv.launch(makes, **options))
            )

        yield launch


@pytest.fixture
def impatient(monkeypatch):
    """Actors that hang are ended sooner."""
    monkeypatch.setattr("rltools.process.worker_env._SECONDS_TO_CLOSE", 0.5)


@pytest.fixture(scope="module")
def harmless(ray_cluster):
    """A batch that many tests use, for actors take a second to start."""
    makes = [lambda number=i: FaultyEnv(number, lambda: 1 / 0) for i in range(4)]
    batch = BatchEnv.launch(makes, workers=2, cluster="ray")
    with contextlib.closing(batch):
        yield batch


def play(batch, *, rounds=12):
    """All that a batch returns."""
    with contextlib.closing(batch):
        results = [batch.reset(seed=3)]
        batch.action_space.seed(1)
        for number in range(rounds):
            results.append(batch.step(batch.action_space.sample()))
            ended = results[-1][2] | results[-1][3]
            if batch.metadata["autoreset_mode"].value == "Disabled" and ended.any():
                results.append(batch.reset(indices=np.flatnonzero(ended)[::-1]))
            if number == 5:
                mask = np.arange(len(batch)) % 2 == 1
                results.append(batch.reset(seed=9, options={"reset_mask": mask}))
    return results


@pytest.mark.parametrize(
    ("space", "autoreset"),
    [("nested", "disabled"), ("box", "next_step"), ("nested", "same_step")],
)
def test_equals_the_batch_of_this_process(ray_cluster, no_actor_left, space, autoreset):
    """Law: the same arrays, dtypes and infos, whatever the space and the mode."""

    def make():
        return MockEnvironment(
            observation_space=SPACES[space],
            action_space=SPACES["nested" if space == "box" else "box"],
            min_duration=1,
            max_duration=4,
        )

    options = {"num_envs": 5, "autoreset": autoreset}
    here = play(BatchEnv.launch(make, workers=0, **options))
    there = play(BatchEnv.launch(make, workers=2, cluster="ray", **options))
    assert not differences(here, there, "results")


def test_one_call_of_each_actor_for_a_step(harmless, monkeypatch):
    sent = []
    send = ActorChannel.send

    def count(channel, request, body):
        sent.append(request.label)
        return send(channel, request, body)

    monkeypatch.setattr(ActorChannel, "send", count)
    harmless.reset()
    harmless.step(actions())
    assert sent == ["reset", "reset", "step", "step"]


def test_some_are_reset_with_seeds_and_options(harmless):
    harmless.reset()
    harmless.step(actions())
    observ, info = harmless.reset(indices=[3, 1], seed=7)
    assert observ[:, :2].tolist() == [[3, 0], [1, 0]]
    assert info["seed"].tolist() == [0, 8, 0, 10]
    assert steps(harmless.step(actions())[0]) == [2, 1, 2, 1]
    with pytest.raises(RemoteError, match="'reset'") as caught:
        harmless.reset(options={"harm": 2})
    assert caught.value.env == 2


def test_one_that_raises_is_named_and_the_others_step(harmless):
    harmless.reset()
    with pytest.raises(RemoteError, match="environment 3 raised") as caught:
        harmless.step(actions(3))
    error = caught.value
    assert (error.worker, error.env, error.command) == (1, 3, "step")
    assert error.original_type == "ZeroDivisionError"
    assert isinstance(error.__cause__, ZeroDivisionError)
    with pytest.raises(ResetNeededError):
        harmless.step(actions())
    harmless.reset(indices=[3])
    assert steps(harmless.step(actions())[0]) == [2, 2, 2, 1]


def test_promises_of_the_batch(harmless):
    harmless.reset()
    promise = harmless.step(actions(), blocking=False)
    with pytest.raises(PendingCallError):
        harmless.step(actions())
    assert promise() is promise()
    assert steps(promise()[0]) == [1] * 4
    harmless.step(actions(), blocking=False)
    with pytest.raises(ResetNeededError):
        harmless.step(actions())
    assert steps(harmless.reset(blocking=False)()[0]) == [0] * 4


def test_attributes_of_all(harmless):
    assert harmless.get_attr("number") == (0, 1, 2, 3)
    harmless.set_attr("mood", [4, 5, 6, 7])
    assert harmless.call("mood") == (4, 5, 6, 7)
    assert harmless[2].mood == 6


def test_an_observation_that_breaks_its_word(launch):
    batch = launch(env=BadEnv)
    batch.reset()
    with pytest.raises(InvalidObservationError, match=r"envs\[2\].*shape \(3,\)"):
        batch.step(actions(2))
    batch.reset(indices=[2])
    assert steps(batch.step(actions())[0]) == [2, 2, 1, 2]


def test_plan_says_where(ray_cluster, no_actor_left, caplog):
    caplog.set_level(logging.INFO, "rltools.launch")
    options = {"cluster": "ray", "ray_options": {"num_cpus": 3}}
    with contextlib.closing(BatchEnv.launch(FaultyEnv, 5, **options)) as batch:
        assert batch.plan.workers == 2
        where = "in 2 actors of Ray (the cluster has room for 2)"
        assert repr(batch) == f"<BatchEnv of 5 environments {where}>"
        assert f"5 environments {where}" in caplog.text
        assert len(set(batch.worker_pids)) == 2
        assert "ActorEnv 4 of Worker 1 (pid" in repr(batch[4])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"cluster": "slurm"}, "cluster to be 'ray' or None, got 'slurm'"),
        ({"cluster": "ray", "workers": 0}, "workers to be at least 1"),
        ({"cluster": "ray", "workers": 3}, "at most the number of environments, 2"),
        ({"cluster": "ray", "pin": True}, "pin to be left out on a cluster"),
        ({"cluster": "ray", "threads": 2}, "threads to be left out on a cluster"),
        ({"cluster": "ray", "ray_options": 3}, "ray_options to be a dict"),
        ({"cluster": "ray", "ray_options": {"max_restarts": 1}}, "'max_restarts'"),
        ({"ray_options": {"num_cpus": 1}}, "ray_options beside cluster='ray' only"),
    ],
)
def test_invalid_arguments(options, message):
    with pytest.raises(InvalidArgumentError, match=message):
        BatchEnv.launch(FaultyEnv, 2, **options)


def test_constructor_that_raises_ends_all(ray_cluster, no_actor_left):
    def fail():
        raise OSError("no display")

    with pytest.raises(RemoteError, match="no display") as caught:
        BatchEnv.launch([FaultyEnv, FaultyEnv, fail], workers=2, cluster="ray")
    assert (caught.value.worker, caught.value.command) == (1, "constructor")


# The death of actors and nodes.


def test_death_without_restarts(launch, is_gone):
    batch = launch(kill_self)
    batch.reset()
    pids = batch.worker_pids
    with pytest.raises(WorkerDiedError, match="Worker 1") as caught:
        batch.step(actions(3))
    assert (caught.value.worker, caught.value.command) == (1, "step")
    with pytest.raises(WorkerDiedError, match="Worker 1"):
        batch.reset()
    assert batch[0].step(0)[0][:2].tolist() == [0, 1], "The other actor lives."
    batch.close()
    assert all(is_gone(pid, 5) for pid in pids)


@pytest.mark.parametrize("autoreset", ["disabled", "next_step", "same_step"])
def test_lost_episodes_are_truncated_where_they_were(launch, autoreset):
    batch = launch(kill_self, restarts=1, autoreset=autoreset)
    batch.reset()
    before = batch.step(actions())[0]
    observ, reward, terminated, truncated, info = batch.step(actions(2))
    # Environment:  0  1  2  3
    # Steps:        2  2  1  1
    # Truncated:          x  x
    assert reward.tolist() == [1, 1, 0, 0]
    assert truncated.tolist() == [False, False, True, True]
    assert not terminated.any()
    if autoreset == "same_step":
        assert steps(observ) == [2, 2, 0, 0]
        final = np.stack(info["final_obs"][2:])
        told = info["final_info"]["worker_restarted"]
    else:
        final, told = observ[2:], info["worker_restarted"]
        assert steps(observ) == [2, 2, 1, 1]
    np.testing.assert_array_equal(final, before[2:])
    assert told.tolist() == [False, False, True, True]
    if autoreset == "disabled":
        with pytest.raises(ResetNeededError, match=r"\[2, 3\]"):
            batch.step(actions())
        assert steps(batch.reset(indices=[2, 3])[0]) == [0, 0]
    observ = batch.step(actions())[0]
    later = 0 if autoreset == "next_step" else 1
    assert steps(observ) == [3, 3, later, later]
    assert (observ[2:, 2] == batch.worker_pids[1]).all()
    assert not set(observ[2:, 2]) & set(before[:, 2])
    # Once its restarts are used up the first cause is raised.
    with pytest.raises(WorkerDiedError, match=rf"pid {before[2, 2]:.0f} "):
        batch.step(actions(2))


def test_a_loss_is_told_also_after_others_of_the_actor_were_reset(launch):
    batch = launch(restarts=1)
    batch.reset()
    before = batch.step(actions())[0]
    with pytest.raises(WorkerDiedError, match="'run'"):
        batch[3].run(kill_self)
    # The new actor knows nothing of the episode of 2, whose end is still to be told.
    assert batch.reset(indices=[3])[0][:, :2].tolist() == [[3, 0]]
    observ, _, _, truncated, info = batch.step(actions())
    assert steps(observ) == [2, 2, 1, 1]
    np.testing.assert_array_equal(observ[2], before[2])
    assert truncated.tolist() == [False, False, True, False]
    assert info["worker_restarted"].tolist() == [False, False, True, False]


def test_an_actor_that_hangs(impatient, launch, is_gone):
    batch = launch(hold_the_interpreter, timeout=0.5, restarts=1)
    batch.reset()
    pid = batch.worker_pids[0]
    _, _, _, truncated, info = batch.step(actions(1))
    assert truncated.tolist() == [True, True, False, False]
    assert "within 0.5 seconds" in info["worker_error"][0]
    assert is_gone(pid, 5)
    batch.reset(indices=[0, 1])
    with pytest.raises(RequestTimeoutError, match=r"within 0\.5 seconds"):
        batch.step(actions(0))


def test_death_of_a_node(launch, ray_cluster, is_gone):
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    node = ray_cluster.add_node()
    # There if possible, and somewhere else if not.
    strategy = NodeAffinitySchedulingStrategy(ray_cluster.id_of(node), soft=True)
    options = {"workers": 1, "ray_options": {"scheduling_strategy": strategy}}
    mortal, immortal = launch(**options), launch(**options, restarts=1)
    for batch in (mortal, immortal):
        batch.reset()
        before = batch.step(actions())[0]
    ray_cluster.remove_node(node)
    assert all(is_gone(batch.worker_pids[0], 10) for batch in (mortal, immortal))
    with pytest.raises(WorkerDiedError, match="actor has died"):
        mortal.step(actions())
    observ, _, _, truncated, info = immortal.step(actions())
    np.testing.assert_array_equal(observ, before)
    assert truncated.all()
    assert info["worker_restarted"].all()
    observ = immortal.reset()[0]
    assert not set(observ[:, 2]) & set(before[:, 2])
    assert steps(immortal.step(actions())[0]) == [1] * 4


def test_close_ends_the_actors(impatient, launch, is_gone):
    batch = launch(hold_the_interpreter)
    batch.reset()
    pids = batch.worker_pids
    batch.step(actions(0), blocking=False)
    batch.close()
    batch.close()
    assert all(is_gone(pid, 2) for pid in pids)
