import time

import numpy as np
import pytest

from benchmarks.vector_workloads import WORKLOADS, OneMillisecond
from rltools.bench.probe import probe
from rltools.bench.target import make_env


@pytest.mark.parametrize("name", WORKLOADS)
def test_keeps_to_its_spaces(name):
    env = make_env(WORKLOADS[name])
    observ, info = env.reset(seed=0)
    assert env.observation_space.contains(observ)
    assert info == {}
    observ, reward, terminated, truncated, info = env.step(env.action_space.sample())
    assert env.observation_space.contains(observ)
    assert isinstance(float(reward), float)
    assert not terminated
    assert not truncated
    assert not info
    assert len(probe(WORKLOADS[name], 3).actions[0]) == 3


def test_images_differ_from_step_to_step():
    env = make_env(WORKLOADS["image"])
    first, _ = env.reset(seed=0)
    second, *_ = env.step(0)
    assert not np.array_equal(first, second)


def test_a_millisecond_is_one_of_work_and_not_of_waiting():
    env = OneMillisecond()
    env.reset()
    before = time.thread_time()
    for _ in range(5):
        env.step(0)
    assert time.thread_time() - before >= 0.005
