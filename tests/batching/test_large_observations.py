"""Large observations of environments of this process.

Each environment uses its buffer again; what it observes is its number and the steps it
has taken, in every place of the array.
"""

import contextlib
import sys

import gymnasium as gym
import numpy as np
import pytest

from rltools import BatchEnv
from rltools.errors import InvalidObservationError


class Screen(gym.Env):
    observation_space = gym.spaces.Box(-np.inf, np.inf, (40, 40), np.float64)
    action_space = gym.spaces.Discrete(4)

    def __init__(self, number):
        self.number, self.steps = number, 0
        self._buffer = np.zeros((40, 40))

    def reset(self, *, seed=None, options=None):
        self.steps = 0
        return self._observe(), {}

    def step(self, action):
        self.steps += 1
        if action == 1:
            raise ValueError("broken")
        if action == 2:
            return self._observe()[:1], 0.0, False, False, {}
        return self._observe(), 0.0, bool(action == 3), False, {}

    def blur(self):
        self._buffer[:] = -1

    render = blur
    blurring = property(blur)
    blurred = property(blur, lambda self, value: self.blur())

    def close(self):
        # By this function, the attribute, and what is asked.
        self.was_free = sys.getrefcount(self._buffer) == 2

    def _observe(self):
        self._buffer[:] = self.number + self.steps / 8
        return self._buffer


@pytest.fixture
def launch():
    with contextlib.ExitStack() as stack:

        def launch(**options):
            makes = [lambda number=number: Screen(number) for number in range(3)]
            batch = BatchEnv.launch(makes, workers=0, **options)
            batch.reset()
            return stack.enter_context(contextlib.closing(batch))

        yield launch


def steps_of(observ):
    """Steps by environment; every place of each array tells the same."""
    numbers = np.arange(3)[:, np.newaxis, np.newaxis]
    found = (observ - numbers) * 8
    assert (found == found[:, :1, :1]).all()
    return found[:, 0, 0].tolist()


def actions(*, of, action):
    return np.where(np.arange(3) == of, action, 0)


def test_what_is_kept_never_changes(launch):
    batch = launch()
    kept = [batch.step(np.zeros(3, np.int64))[0] for _ in range(4)]
    assert [steps_of(each) for each in kept] == [[n] * 3 for n in (1, 2, 3, 4)]


def test_what_the_caller_writes_does_not_come_back(launch):
    batch = launch()
    observ = batch.step(np.zeros(3, np.int64))[0]
    observ[:] = 77
    again, _ = batch.reset(options={"reset_mask": np.array([False, True, False])})
    assert steps_of(again) == [1, 0, 1]
    again[:] = 78
    again, _ = batch.reset(options={"reset_mask": np.array([True, False, False])})
    assert steps_of(again) == [0, 0, 1]


@pytest.mark.parametrize("action", [1, 2])
def test_one_that_fails_leaves_the_others_as_they_are(launch, action):
    batch = launch()
    batch.step(np.zeros(3, np.int64))
    with pytest.raises((ValueError, InvalidObservationError)):
        batch.step(actions(of=1, action=action))
    observ, _ = batch.reset(options={"reset_mask": np.array([True, False, False])})
    assert steps_of(observ) == [0, 1, 2]  # The last one that was whole.
    observ, _ = batch.reset(options={"reset_mask": np.array([True, True, False])})
    assert steps_of(observ) == [0, 0, 2]
    assert steps_of(batch.step(np.zeros(3, np.int64))[0]) == [1, 1, 3]


@pytest.mark.parametrize("autoreset", ["next_step", "same_step"])
def test_autoreset(launch, autoreset):
    batch = launch(autoreset=autoreset)
    observ, *_, info = batch.step(actions(of=2, action=3))
    if autoreset == "same_step":
        assert steps_of(observ) == [1, 1, 0]
        assert (info["final_obs"][2] == 2 + 1 / 8).all()
    else:
        assert steps_of(observ) == [1, 1, 1]
        assert steps_of(batch.step(np.zeros(3, np.int64))[0]) == [2, 2, 0]


def test_what_is_done_to_environments_through_the_batch_changes_no_row(launch):
    for use in (
        lambda batch: batch.call("blur"),
        lambda batch: batch.set_attr("blurred", [True] * 3),
        lambda batch: batch.get_attr("blurring"),
        lambda batch: batch.render(),
    ):
        batch = launch()
        batch.step(np.zeros(3, np.int64))
        use(batch)
        observ, _ = batch.reset(options={"reset_mask": np.array([False, True, False])})
        assert steps_of(observ) == [1, 0, 1]


def test_environments_can_give_their_memory_back(launch):
    batch = launch()
    batch.step(np.zeros(3, np.int64))
    batch.close()
    assert [env.was_free for env in batch.envs] == [True] * 3


def test_promise_has_what_was_there_when_it_was_made(launch):
    batch = launch()
    promise = batch.step(np.zeros(3, np.int64), blocking=False)
    batch[1].blur()
    assert steps_of(promise()[0]) == [1, 1, 1]


def test_without_copy_the_next_call_overwrites(launch):
    batch = launch(copy=False)
    first = batch.step(np.zeros(3, np.int64))[0]
    assert steps_of(first) == [1, 1, 1]
    assert batch.step(np.zeros(3, np.int64))[0] is first
    assert steps_of(first) == [2, 2, 2]
