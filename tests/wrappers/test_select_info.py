import contextlib

import gymnasium as gym
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rltools import BatchEnv
from rltools.errors import InvalidArgumentError
from rltools.wrappers import SelectInfo

INFOS = st.dictionaries(st.sampled_from("abcdef"), st.integers(), max_size=6)


class Informed(gym.Env):
    """Has given infos, the first in `reset`."""

    observation_space = action_space = gym.spaces.Discrete(2)

    def __init__(self, infos):
        self.infos = list(infos)
        self.given = []

    def reset(self, *, seed=None, options=None):
        self.given = [seed, options]
        return 0, self.infos[0]

    def step(self, action):
        self.given.append(action)
        return 1, 2.0, True, False, self.infos[1]


@given(infos=st.tuples(INFOS, INFOS), keys=st.sets(st.sampled_from("abcd")))
def test_keeps_what_was_chosen(infos, keys):
    """Law: an entry is there if it was chosen and the environment has it, unchanged."""
    originals = [dict(info) for info in infos]
    env = SelectInfo(Informed(infos), keys)
    kept = [env.reset()[1], env.step(0)[4]]
    for info, original in zip(kept, originals, strict=True):
        assert info == {key: original[key] for key in original.keys() & keys}
    assert list(infos) == originals  # The environment's own are left alone.


def test_keeps_nothing_by_default():
    env = SelectInfo(Informed([{"a": 1}, {"a": 2}]))
    assert env.reset(seed=3, options={"b": 4}) == (0, {})
    assert env.step(1) == (1, 2.0, True, False, {})
    assert env.unwrapped.given == [3, {"b": 4}, 1]


def test_what_is_no_info_is_not_hidden():
    env = SelectInfo(Informed([None, "no"]))
    assert env.reset()[1] is None
    assert env.step(0)[4] == "no"


@pytest.mark.parametrize("keys", ["ab", 3, None, [1], ["a", None]])
def test_refuses_keys_that_are_no_strings(keys):
    with pytest.raises(InvalidArgumentError, match="keys: expected"):
        SelectInfo(Informed([{}, {}]), keys)


def test_keys_may_be_read_only_once():
    env = SelectInfo(Informed([{"a": 1, "b": 2}, {"b": 3}]), iter(["b"]))
    assert env.reset()[1] == {"b": 2}
    assert env.step(0)[4] == {"b": 3}


def test_steps_of_workers_are_without_messages():
    def make():
        return SelectInfo(Informed([{"a": 1}, {"a": 2}]))

    with contextlib.closing(BatchEnv.launch(make, 2, workers=2)) as batch:
        batch.reset()
        [group] = batch._groups.all
        batch.step(np.zeros(2, np.int64))
        assert not group.lockstep.has_reports()
