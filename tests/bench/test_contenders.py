import numpy as np
import pytest
from gymnasium.vector.utils import batch_space

from rltools.bench.apart import run_apart
from rltools.bench.contender import Task
from rltools.bench.contenders import list_contenders
from rltools.bench.plain_loop import EnvLoop, split_actions
from rltools.bench.probe import probe
from rltools.errors import InvalidArgumentError
from rltools.mocks import MockEnvironment

BROKEN = """
import os

import gymnasium as gym

class Broken(gym.Env):
    observation_space = action_space = gym.spaces.Discrete(2)

    def reset(self, *, seed=None, options=None):
        if seed == 2:
            raise ValueError("seed 2")
        return 0, {}

    def step(self, action):
        return 0, 0.0, False, False, {}

class Dying(Broken):
    def step(self, action):
        os._exit(7)
"""
CONTENDERS = {one.name: one for one in list_contenders(num_envs=3)}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "bench_broken.py").write_text(BROKEN)


def make_task(target="CartPole-v1", num_envs=3):
    return Task(target, num_envs, probe(target, num_envs).actions, 0.02)


@pytest.mark.timeout(60)
@pytest.mark.parametrize("name", CONTENDERS)
def test_measures(name):
    outcome = run_apart(CONTENDERS[name].measure, make_task(), seconds=30)
    assert outcome.problem is None
    measurement = outcome.value
    assert measurement.steps >= 3
    assert measurement.steps % 3 == 0 or name == "limit"
    assert measurement.seconds >= 0.02
    assert measurement.start_seconds > 0
    assert outcome.left_behind == 0


@pytest.mark.timeout(60)
@pytest.mark.parametrize("name", ["plain-loop", "limit", "gymnasium-sync"])
def test_fails_with_the_reason(name, folder):
    task = make_task("bench_broken:Broken", num_envs=4)
    outcome = run_apart(CONTENDERS[name].measure, task, seconds=30)
    assert "seed 2" in outcome.problem
    assert outcome.left_behind == 0


@pytest.mark.timeout(60)
def test_limit_ends_with_a_process_that_dies(folder):
    task = Task("bench_broken:Dying", 2, [np.zeros(2, int)], 0.02)
    outcome = run_apart(CONTENDERS["limit"].measure, task, seconds=30)
    assert "BrokenProcessPool" in outcome.problem
    assert outcome.left_behind == 0


def test_loop_resets_in_the_place_of_the_next_step():
    envs = [MockEnvironment((1,), (1,), min_duration=n, max_duration=n) for n in (2, 3)]
    loop = EnvLoop(envs, first_seed=5)
    for _ in range(7):
        loop.step(np.zeros((2, 1), np.float32))
    # Step:    1 2 3 4 5 6 7
    # Reset 0:     x     x
    # Reset 1:       x
    assert envs[0].steps == [2, 2, 1]
    assert envs[1].steps == [3, 3]
    loop.close()


def test_loop_takes_an_action_for_each():
    loop = EnvLoop([MockEnvironment((1,), (1,))], first_seed=0)
    with pytest.raises(ValueError, match="zip"):
        loop.step(np.zeros((2, 1), np.float32))


def test_split_actions_are_those_of_the_batch():
    space = MockEnvironment((1,), (2,)).action_space
    batch = batch_space(space, 3).sample()
    [row] = split_actions(Task("", 3, [batch], 1.0), space)
    np.testing.assert_array_equal(np.stack(row), batch)


def test_probe_draws_the_same_actions_each_time():
    first, second = (probe("CartPole-v1", 5) for _ in range(2))
    np.testing.assert_array_equal(first.actions, second.actions)
    assert np.asarray(first.actions).shape[1:] == (5,)
    assert first.step_seconds > 0
    assert first.action_space == "Discrete(2)"
    assert "\n" not in first.observation_space


def test_probe_says_what_is_wrong(folder):
    with pytest.raises(InvalidArgumentError, match="raised NameNotFound"):
        probe("NoSuchEnv-v0", 1)


def test_names_are_distinct_and_do_not_depend_on_the_number():
    for num_envs in (1, 8):
        names = [one.name for one in list_contenders(num_envs)]
        assert len(set(names)) == len(names)
        assert set(names) == set(CONTENDERS)
