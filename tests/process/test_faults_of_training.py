"""Faults that reach a program which trains: in the graph, and while it is saved."""

import contextlib
import os
import signal
import sys
from contextlib import closing
from pathlib import Path

import cloudpickle
import gymnasium as gym
import numpy as np
import pytest
import tensorflow as tf
from gymnasium import spaces

import rltools
from rltools.checkpoints import CheckpointStore
from rltools.errors import RemoteError, WorkerDiedError

cloudpickle.register_pickle_by_value(sys.modules[__name__])
pytestmark = pytest.mark.timeout(60)


class Env(gym.Env):
    """Observes its steps; an action of 1 does `harm`."""

    observation_space = spaces.Box(0, 1000, (16,), np.float32)
    action_space = spaces.Discrete(2)

    def __init__(self, harm=None):
        self.harm = harm
        self.steps = 0

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return np.full(16, self.steps, np.float32), {}

    def step(self, action):
        if action == 1:
            self.harm()
        self.steps += 1
        return np.full(16, self.steps, np.float32), 1.0, False, False, {}


# 21. Ctrl-C while a checkpoint is written.

SAVING = """
import sys
import numpy as np
import gymnasium as gym
import rltools
from rltools.checkpoints import CheckpointStore
from rltools.mocks import MockEnvironment
from rltools.wrappers import ExternalProcess

class Slow:
    def write(self, prefix):
        print("writing", flush=True)
        sys.stdin.readline()
        open(prefix, "w").write("whole")

    def read(self, prefix):
        raise AssertionError("there is none")

def op(log, report, reset):
    env.step(np.zeros(1, np.float32))
    return False, 0.0

env = ExternalProcess(lambda: MockEnvironment((1,), (1,), 99, 99))
env.reset()
loop = rltools.Loop(store=CheckpointStore(sys.argv[1]))
loop.add_phase("train", op, steps=10, checkpoint_every=5)
try:
    list(loop.run(Slow(), max_step=10))
except KeyboardInterrupt:
    print("interrupted at step", loop.step, flush=True)
env.close()
"""


def test_fault_21_a_checkpoint_in_progress_completes(tmp_path, interrupt):
    out, err, _ = interrupt(
        *("-c", SAVING, str(tmp_path / "checkpoints")),
        ready="writing\n",
        answer="go on\n",
    )
    assert (out, err) == ("interrupted at step 5\n", "")
    texts = []
    restored = CheckpointStore(tmp_path / "checkpoints").restore(
        lambda prefix: texts.append(Path(prefix).read_text())
    )
    assert restored.step == 5
    assert texts == ["whole"]


# 26. TensorFlow shares the memory of aligned arrays.


def aligned(shape):
    """Zeros at an address that TensorFlow takes over instead of copying."""
    size = 4 * int(np.prod(shape))
    raw = np.zeros(size + 64, np.uint8)
    start = -raw.ctypes.data % 64
    return raw[start : start + size].view(np.float32).reshape(shape)


class Reuses(gym.vector.VectorEnv):
    """Counts its steps in one aligned buffer."""

    metadata = {"autoreset_mode": gym.vector.AutoresetMode.DISABLED}
    num_envs = 2
    single_observation_space = Env.observation_space
    single_action_space = Env.action_space
    observation_space = gym.vector.utils.batch_space(single_observation_space, 2)
    action_space = gym.vector.utils.batch_space(single_action_space, 2)

    def __init__(self):
        self.buffer = aligned((2, 16))
        self.flags = np.zeros(2, np.bool_)

    def reset(self, *, seed=None, options=None):
        self.buffer[:] = 0
        return self.buffer, {}

    def step(self, actions):
        self.buffer += 1
        return self.buffer, np.ones(2), self.flags, self.flags, {}


def processes():
    return rltools.BatchEnv([rltools.wrappers.ExternalProcess(Env) for _ in range(2)])


def shared_rows():
    # At the start of a page, and the same ones for every step.
    return rltools.BatchEnv.launch(Env, 2, workers=1, copy=False)


@pytest.mark.parametrize("make_batch", [Reuses, processes, shared_rows])
def test_fault_26_observations_stacked_in_the_graph_are_those_of_each_step(make_batch):
    batch = make_batch()
    env = rltools.InGraphBatchEnv(batch)
    action = tf.zeros(2, tf.int64)

    @tf.function
    def collect():
        observs = []
        for _ in range(10):
            env.simulate(action)
            observs.append(env.observ)
        return tf.stack(observs)

    env.reset()
    eager = []
    for _ in range(10):
        env.simulate(action)
        eager.append(env.observ.numpy().copy())
    np.testing.assert_array_equal(np.stack(eager)[:, 1, 5], np.arange(1, 11))
    np.testing.assert_array_equal(collect(), np.stack(eager) + 10)
    batch.close()


def test_fault_26_an_environment_may_write_to_its_actions():
    class Writes(Reuses):
        def step(self, actions):
            actions[:] = 7
            return super().step(actions)

    env = rltools.InGraphBatchEnv(Writes())

    @tf.function
    def play():
        action = aligned_zeros + 1
        env.simulate(action)
        return action

    aligned_zeros = tf.zeros(2, tf.int64)
    env.reset()
    assert play().numpy().tolist() == [1, 1]


# 38. An environment fails inside the graph.


def raise_value_error():
    raise ValueError("the arm is stuck")


def kill_self():
    os.kill(os.getpid(), signal.SIGKILL)


WORKERS = {"processes": 1, "one worker": 0}


@pytest.fixture(params=WORKERS)
def worker(request):
    """The worker of the environment that does harm."""
    return WORKERS[request.param]


@pytest.fixture
def start(worker):
    """A function that starts two environments, of which the second one does harm."""
    with contextlib.ExitStack() as stack:

        def start(harm):
            makes = [Env, lambda: Env(harm)]
            if worker == 1:
                batch = rltools.BatchEnv(map(rltools.wrappers.ExternalProcess, makes))
            else:
                batch = rltools.BatchEnv.launch(makes, workers=1)
            env = rltools.InGraphBatchEnv(stack.enter_context(closing(batch)))
            env.reset()
            return env

        yield start


class AlwaysOne:
    """An algorithm that does harm to the second environment."""

    def begin_episode(self, indices):
        pass

    def perform(self, indices, observ):
        return tf.cast(indices, tf.int64)

    def experience(self, indices, observ, action, reward, *rest):
        pass

    def end_episode(self, indices):
        pass


def test_fault_38_graph_of_the_callers_shows_worker_and_traceback(start, worker):
    env = start(raise_value_error)
    with pytest.raises(tf.errors.OpError) as caught:
        tf.function(env.simulate)(np.array([0, 1]))
    text = str(caught.value)
    assert f"RemoteError: Worker {worker} (pid {env.batch[1].pid})" in text
    assert "ValueError in 'step' (step 1)" in text
    assert "the arm is stuck" in text
    assert "in raise_value_error" in text


def test_fault_38_graph_of_the_library_raises_the_error_itself(start, worker):
    env = start(raise_value_error)
    with pytest.raises(RemoteError, match="the arm is stuck") as caught:
        rltools.simulate(env, AlwaysOne(), steps=3)
    assert caught.value.worker == worker
    assert caught.value.env == 1
    assert caught.value.command == "step"
    assert "in raise_value_error" in caught.value.remote_traceback
    assert "environment 1 of the batch" in caught.value.__notes__[0]
    # The batch goes on after a reset.
    env.reset()
    env.simulate(np.zeros(2, np.int64))
    assert env.observ.numpy()[:, 0].tolist() == [2, 1], "The other one had stepped."


@pytest.mark.parametrize("from_graph", [True, False])
def test_fault_38_death_of_a_worker(start, worker, from_graph):
    env = start(kill_self)
    if from_graph:
        with pytest.raises(
            tf.errors.OpError, match=rf"WorkerDiedError: Worker {worker} .*KILL"
        ):
            tf.function(env.simulate)(np.array([0, 1]))
    else:
        with pytest.raises(WorkerDiedError, match="SIGKILL") as caught:
            rltools.simulate(env, AlwaysOne(), steps=3)
        assert caught.value.worker == worker
