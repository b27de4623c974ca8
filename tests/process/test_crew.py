"""Workers and environments of this process, which a batch steps as one."""

import contextlib
import os
import time

import gymnasium as gym
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rltools import BatchEnv
from rltools.errors import BatchError, ClosedError, RemoteError
from rltools.wrappers import ExternalProcess

pytestmark = pytest.mark.timeout(60)

GO, INFORM, END, RAISE, LIE = range(5)


class Obedient(gym.Env):
    """Does what its action says; observes (number, steps in the episode)."""

    observation_space = gym.spaces.Box(0, np.inf, (2,), np.float64)
    action_space = gym.spaces.Discrete(5)

    def __init__(self, number=0):
        self.number = number
        self.steps = 0

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.steps = 0
        return self._observe(), {"seed": seed} if seed is not None else {}

    def step(self, action):
        if action == RAISE:
            raise ValueError("as it was told to")
        self.steps += 1
        info = {"steps": self.steps} if action == INFORM else {}
        observ = "nothing" if action == LIE else self._observe()
        return observ, self.number + 0.5, action == END, False, info

    def _observe(self):
        return np.array([self.number, self.steps], np.float64)


def make_all(there, here):
    """A batch of some environments in workers, and of others in this process."""
    envs = [ExternalProcess(lambda i=i: Obedient(i)) for i in range(there)]
    return [*envs, *(Obedient(there + i) for i in range(here))]


def outcome(function, *args, **kwargs):
    """What it returns, or what it says about each environment that failed."""
    try:
        return function(*args, **kwargs)
    except BatchError as error:
        return {row: type(each).__name__ for row, each in error.failures.items()}
    except Exception as error:
        return str(error).partition("\n")[0]


def same(found, expected):
    if isinstance(expected, tuple):
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            same(one, other)
    elif isinstance(expected, dict):
        assert found.keys() == expected.keys()
        for key, value in expected.items():
            same(found[key], value)
    elif isinstance(expected, np.ndarray) and expected.dtype == object:
        same(tuple(found), tuple(expected))
    elif isinstance(expected, np.ndarray):
        assert found.dtype == expected.dtype
        np.testing.assert_array_equal(found, expected)
    else:
        assert found == expected


HARMLESS = st.sampled_from([GO, GO, INFORM, END])
MODES = st.sampled_from(["disabled", "next_step", "same_step"])


@settings(max_examples=15, deadline=None)
@given(data=st.data(), autoreset=MODES)
def test_it_does_what_environments_of_one_place_do(data, autoreset):
    there, here = data.draw(st.integers(1, 2)), data.draw(st.integers(1, 3))
    count = there + here
    crew = BatchEnv(make_all(there, here), autoreset=autoreset)
    model = BatchEnv([Obedient(i) for i in range(count)], autoreset=autoreset)
    with contextlib.closing(crew), contextlib.closing(model):
        same(crew.reset(seed=3), model.reset(seed=3))
        for _ in range(data.draw(st.integers(1, 6))):
            kind = data.draw(st.sampled_from(["step", "step", "promise", "reset"]))
            if kind == "reset":
                rows = st.lists(st.integers(0, count - 1), min_size=1, unique=True)
                chosen = data.draw(rows)
                same(crew.reset(indices=chosen), model.reset(indices=chosen))
                continue
            actions = np.array(data.draw(st.lists(HARMLESS, min_size=count)))[:count]
            blocking = kind == "step"
            found = outcome(crew.step, actions, blocking=blocking)
            if not blocking and not isinstance(found, str):
                found = found()
            same(found, outcome(model.step, actions))


@pytest.mark.parametrize("harm", [RAISE, LIE])
@pytest.mark.parametrize("restarts", [0, 1])
def test_failures_of_both_places_are_told_by_their_place(harm, restarts):
    there = ExternalProcess(lambda: Obedient(0), restarts=restarts)
    envs = [there, Obedient(1), Obedient(2), Obedient(3)]
    with contextlib.closing(BatchEnv(envs)) as batch:
        batch.reset()
        actions = np.array([harm, GO, harm, GO])
        with pytest.raises(BatchError) as caught:
            batch.step(actions)
        assert sorted(caught.value.failures) == [0, 2]
        assert isinstance(caught.value.failures[0], Exception)
        batch.reset(indices=[0, 2])
        observ, *_ = batch.step(np.full(4, GO))
        assert observ.tolist() == [[0, 1], [1, 2], [2, 1], [3, 2]]


def test_failures_of_one_place_only():
    with contextlib.closing(BatchEnv(make_all(1, 2))) as batch:
        batch.reset()
        with pytest.raises(ValueError, match="as it was told to"):
            batch.step(np.array([GO, GO, RAISE]))
        batch.reset(indices=[2])
        with pytest.raises(RemoteError, match="environment 0 raised ValueError"):
            batch.step(np.array([RAISE, GO, GO]))
        assert [env.get_wrapper_attr("steps") for env in batch.envs] == [1, 2, 1]


def test_own_environments_work_while_a_worker_does(tmp_path):
    """Each waits for the other one in its step, and so both must be in theirs."""
    path = tmp_path / "where they meet"
    os.mkfifo(path)

    class Meets(Obedient):
        def step(self, action):
            with open(path, "wb" if self.number else "rb"):
                return super().step(action)

    there = ExternalProcess(lambda: Meets(0), timeout=10)
    with contextlib.closing(BatchEnv([there, Meets(1)])) as batch:
        batch.reset()
        observ, *_ = batch.step(np.array([GO, GO]))
        assert observ.tolist() == [[0, 1], [1, 1]]


def test_time_that_is_spent_here_is_not_taken_from_the_workers(tmp_path):
    """The time limit of a step begins when the batch begins to wait for it."""
    gate = tmp_path / "gate"
    os.mkfifo(gate)

    class Follows(Obedient):
        def step(self, action):
            with open(gate, "rb"):
                time.sleep(0.2)
                return super().step(action)

    class Leads(Obedient):
        def step(self, action):
            time.sleep(1.0)
            with open(gate, "wb"):
                return super().step(action)

    there = ExternalProcess(lambda: Follows(0), timeout=0.8)
    with contextlib.closing(BatchEnv([there, Leads(1)])) as batch:
        batch.reset()
        observ, *_ = batch.step(np.array([GO, GO]))
        assert observ.tolist() == [[0, 1], [1, 1]]


def test_a_fork_of_this_process_does_not_write_to_its_rows():
    """What the child of a fork does to its copies of the environments is not seen."""
    with contextlib.closing(BatchEnv(make_all(1, 2), copy=False)) as batch:
        batch.reset()
        observ, *_ = batch.step(np.full(3, GO))
        child = os.fork()
        if not child:
            try:
                batch.reset(indices=[1, 2])
            except ClosedError:
                os._exit(0)
            finally:
                os._exit(1)
        assert os.waitpid(child, 0)[1] == 0
        assert observ.tolist() == [[0, 1], [1, 1], [2, 1]]


def test_a_closed_batch_that_is_kept_holds_nothing(belongings):
    before = belongings()
    batch = BatchEnv(make_all(2, 1))
    batch.reset()
    batch.step(np.full(3, GO))
    batch.close()
    assert belongings() <= before
    assert batch.closed
