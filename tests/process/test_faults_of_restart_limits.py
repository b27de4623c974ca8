"""Workers that are brought back: how often, and with which random numbers.

Observations are (number, steps in the episode, process id), see conftest.py.
"""

import gc
import logging
import os
import signal
import sys
import threading

import cloudpickle
import numpy as np
import pytest

from rltools.errors import RequestTimeoutError, ResetNeededError, WorkerDiedError
from rltools.process.client import WorkerClient

cloudpickle.register_pickle_by_value(sys.modules[__name__])
pytestmark = pytest.mark.timeout(60)


def actions(*ones):
    return np.isin(np.arange(4), ones).astype(np.int64)


def kill_self():
    os.kill(os.getpid(), signal.SIGKILL)


def sleep_for_ever():
    threading.Event().wait()


def kill(batch, worker, is_gone):
    pid = batch.worker_pids[worker]
    os.kill(pid, signal.SIGKILL)
    assert is_gone(pid, 5)


def lost(result):
    """The environments whose episodes a step says were lost."""
    return np.flatnonzero(result[3]).tolist()


# 32. There is a limit to restarts.


@pytest.fixture
def die_in_turn(tmp_path):
    """A function that ends its process, with another exit code each time."""

    def die():
        number = len(list(tmp_path.iterdir()))
        (tmp_path / str(number)).touch()
        os._exit(10 + number)

    return die


def test_fault_32_after_the_budget_the_first_cause_is_raised(
    launch, tmp_path, die_in_turn
):
    batch = launch(die_in_turn, restarts=2)
    batch.reset()
    for _ in range(2):
        result = batch.step(actions(3))
        assert result[3].tolist() == [False, False, True, True]
        batch.reset(indices=[2, 3])
    with pytest.raises(WorkerDiedError, match="exited with code 10") as caught:
        batch.step(actions(3))
    assert caught.value.exit_code == 10
    assert caught.value.worker == 1
    assert len(list(tmp_path.iterdir())) == 3, "As many lives, and no more."
    # Every later use says the same, and those of the other worker have all stepped.
    for use in (batch.reset, lambda: batch[3].call("do_harm", 0)()):
        with pytest.raises(WorkerDiedError, match="exited with code 10"):
            use()
    assert batch[0].get_wrapper_attr("steps") == 0, "It was reset with the rest."
    assert batch[0].step(0)[0][1] == 1


def test_fault_32_after_the_budget_one_environment_says_the_same(launch):
    batch = launch(kill_self, restarts=1)
    batch.reset()
    batch.step(actions(3))
    batch.reset(indices=[2, 3])
    with pytest.raises(WorkerDiedError) as kept:  # As a notebook keeps it.
        batch.step(actions(3))
    with pytest.raises(WorkerDiedError, match="SIGKILL"):
        batch[2].step(0)
    del kept


def test_fault_32_each_death_is_told_with_its_own_cause(launch, die_in_turn):
    batch = launch(die_in_turn, restarts=2)
    batch.reset()
    for code in (10, 11):
        info = batch.step(actions(3))[4]
        assert f"exited with code {code}" in info["worker_error"][2]
        batch.reset(indices=[2, 3])


def test_fault_32_healthy_environments_go_on_beside_one_that_is_lost(
    launch, die_in_turn
):
    batch = launch(die_in_turn, restarts=1)
    batch.reset()
    batch.step(actions(2))
    batch.reset(indices=[2, 3])
    for _ in range(2):
        with pytest.raises((WorkerDiedError, ResetNeededError)):
            batch.step(actions(2))
    assert [env.get_wrapper_attr("steps") for env in batch.envs[:2]] == [2, 2]


def test_fault_32_each_worker_has_its_own_budget(launch, is_gone):
    batch = launch(restarts=1)
    batch.reset()
    for worker, rows in ((0, [0, 1]), (1, [2, 3])):
        kill(batch, worker, is_gone)
        assert lost(batch.step(actions())) == rows
        batch.reset(indices=rows)
    kill(batch, 0, is_gone)
    with pytest.raises(WorkerDiedError, match="SIGKILL"):
        batch.step(actions())


@pytest.mark.parametrize("how", ["raises", "dies"])
@pytest.mark.parametrize("at_once", [False, True])
@pytest.mark.parametrize("pin", [False, True])
def test_fault_32_constructor_that_fails_in_a_later_life(
    launch, tmp_path, is_gone, faulty_env, how, at_once, pin, monkeypatch
):
    broken = tmp_path / "broken"
    build = WorkerClient.build

    def build_and_see_it_fail(client, constructors):
        build(client, constructors)
        if broken.exists() and at_once:
            assert is_gone(client.channel.pid, 5)
            while not client.channel.dead:
                client.channel.look()

    monkeypatch.setattr(WorkerClient, "build", build_and_see_it_fail)

    class Fragile(faulty_env):
        def __init__(self, *args):
            super().__init__(*args)
            if self.number == 2:
                (tmp_path / str(os.getpid())).touch()
            if broken.exists() and how == "raises":
                raise OSError("no display")
            if broken.exists():
                os._exit(3)

    batch = launch(env=Fragile, restarts=3, pin=pin)
    batch.reset()
    batch.step(actions())
    broken.touch()
    kill(batch, 1, is_gone)
    # That of the step is over at once: it does not wait for the constructor.
    assert lost(batch.step(actions())) == [2, 3]
    with pytest.raises(WorkerDiedError, match="SIGKILL"):
        batch.reset(indices=[2, 3])
    pids = [int(path.name) for path in tmp_path.iterdir() if path != broken]
    assert len(pids) == 4, "One life and three restarts."
    assert all(is_gone(pid, 2) for pid in pids)
    assert batch[0].step(0)[0][1] == 3


def test_fault_32_hanging_uses_the_budget_up(launch):
    batch = launch(sleep_for_ever, restarts=1, timeout=1)
    batch.reset()
    assert batch.step(actions(0))[3].tolist() == [True, True, False, False]
    batch.reset(indices=[0, 1])
    with pytest.raises(RequestTimeoutError, match=r"'step' \(step 1\)"):
        batch.step(actions(0))


@pytest.mark.parametrize("first", ["died", "hung"])
@pytest.mark.parametrize("call", ["step", "reset", "call"])
def test_fault_32_nobody_waits_again_for_one_that_hung_when_the_budget_was_used_up(
    launch, is_gone, stopwatch, first, call
):
    batch = launch(sleep_for_ever, restarts=1, timeout=1)
    batch.reset()
    if first == "died":
        kill(batch, 0, is_gone)
    assert lost(batch.step(actions(*[0] * (first == "hung")))) == [0, 1]
    batch.reset(indices=[0, 1])
    pid = batch.worker_pids[0]
    hanging = {
        "step": lambda: batch[1].step(1, blocking=False),
        "reset": lambda: batch[1].reset(options={"harm": 1}, blocking=False),
        "call": lambda: batch[1].call("do_harm", 1),
    }[call]()
    error = {"died": WorkerDiedError, "hung": RequestTimeoutError}[first]
    with pytest.raises(error) as caught:
        hanging()
    assert "has not answered" in "".join(caught.value.__notes__)
    assert is_gone(pid, 1)
    assert hanging.fetched
    stopwatch()
    for use in (hanging, batch.reset, lambda: batch[1].step(0), batch[1].reset):
        with pytest.raises(error) as again:
            use()
        assert again.value is caught.value
    assert stopwatch() < 1
    assert batch[2].step(0)[0][1] == 1, "It was reset with the rest."


def test_fault_32_closed_batch_holds_nothing_though_it_is_kept(
    launch, is_gone, belongings, caplog
):
    caplog.set_level(logging.ERROR, "rltools")  # A log holds what it was told.
    before = belongings()
    batch = launch(restarts=1)
    batch.reset()
    kill(batch, 1, is_gone)
    assert lost(batch.step(actions())) == [2, 3]
    batch.close()
    gc.collect()
    assert belongings() <= before
    assert batch.closed


# 31. Random numbers after a restart.


def test_fault_31_restarted_worker_has_a_new_stream_and_always_the_same(
    launch, is_gone, faulty_env
):
    class Draws(faulty_env):
        def _observe(self):
            return np.array([self.number, self.steps, self.np_random.random()])

    def play(deaths):
        batch = launch(env=Draws, restarts=2)
        lives = []
        for life in range(3):
            draws = [batch.reset(seed=None if life else 7)[0]]
            draws += [batch.step(actions())[0] for _ in range(3)]
            lives.append(np.stack(draws)[:, :, 2])
            if life < deaths:
                kill(batch, 1, is_gone)
                batch.step(actions())
        return np.stack(lives), batch.reset(seed=7)[0][:, 2]

    lives, again = play(deaths=2)
    same = play(deaths=2)
    np.testing.assert_array_equal(lives, same[0], "Reproducible.")
    np.testing.assert_array_equal(again, lives[0, 0], "A seed is one in every life.")
    assert len(np.unique(lives)) == lives.size
    undisturbed, _ = play(deaths=0)
    np.testing.assert_array_equal(undisturbed[0], lives[0])
    assert not np.isin(lives[1:, :, 2:], undisturbed).any()
