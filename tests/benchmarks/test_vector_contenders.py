from importlib.util import find_spec

import numpy as np
import pytest

from benchmarks.tf_agents_env import make_tf_agents_env
from benchmarks.vector_contenders import list_all_contenders
from benchmarks.vector_workloads import WORKLOADS
from rltools.bench.apart import run_apart
from rltools.bench.contender import Task
from rltools.bench.contenders import list_contenders
from rltools.bench.probe import probe
from rltools.mocks import MockEnvironment

OTHERS = list_all_contenders(2)[len(list_contenders(2)) :]


def test_all_are_there_whatever_is_installed():
    assert {one.name for one in OTHERS} == {
        "unchecked-loop",
        "sb3-dummy",
        "sb3-subproc",
        "tianshou-subproc",
        "tianshou-shmem",
        "tf-agents",
        "pufferlib",
        "envpool",
    }
    for one in OTHERS:
        assert one.is_installed == (find_spec(one.module.split(".")[0]) is not None)


@pytest.mark.timeout(120)
@pytest.mark.parametrize("contender", OTHERS, ids=lambda one: one.name)
def test_measures_where_it_is_installed(contender):
    if not contender.is_installed:
        pytest.skip(f"{contender.module} is not installed")
    task = Task("CartPole-v1", 2, probe("CartPole-v1", 2).actions, 0.02)
    outcome = run_apart(contender.measure, task, seconds=100)
    assert outcome.problem is None
    assert outcome.value.steps >= 2


def test_envpool_takes_its_own_environments_only():
    pytest.importorskip("envpool")
    [contender] = (one for one in OTHERS if one.name == "envpool")
    task = Task(WORKLOADS["null"], 2, [np.zeros(2, int)], 0.02)
    outcome = run_apart(contender.measure, task, seconds=60)
    assert outcome.problem == "has environments of its own only"


def test_tf_agents_environment_resets_in_the_place_of_the_next_step():
    pytest.importorskip("tf_agents")
    mock = MockEnvironment((2,), (1,), min_duration=2, max_duration=2)
    env = make_tf_agents_env(lambda: mock)
    env.reset()
    steps = [env.step(np.zeros(1, np.float32)) for _ in range(4)]
    assert [step.is_last() for step in steps] == [False, True, False, False]
    assert [step.is_first() for step in steps] == [False, False, True, False]
    assert mock.steps == [2, 1]
