"""It does what a batch does, as long as all is well."""

import contextlib

import gymnasium as gym
import numpy as np
import pytest

from benchmarks.unchecked_loop import UncheckedBatch
from rltools import BatchEnv
from rltools.errors import InvalidArgumentError
from rltools.mocks import MockEnvironment


def test_returns_what_a_batch_returns():
    def make():
        return gym.make("CartPole-v1")

    theirs = UncheckedBatch([make() for _ in range(3)])
    ours = BatchEnv([make() for _ in range(3)], autoreset="next_step")
    generator = np.random.default_rng(0)
    ends = 0
    with contextlib.closing(theirs), contextlib.closing(ours):
        theirs.reset(seed=5)
        ours.reset(seed=5)
        for _ in range(100):
            actions = generator.integers(0, 2, 3)
            found, expected = theirs.step(actions), ours.step(actions)
            for one, other in zip(found[:4], expected[:4], strict=True):
                np.testing.assert_array_equal(one, other)
                assert one.dtype == other.dtype
            ends += expected[2].sum()
            assert found[4] == expected[4] == {}
    assert ends > 3


def test_says_what_it_can_not_stack():
    mock = MockEnvironment(
        observation_space=gym.spaces.Discrete(3), action_space=gym.spaces.Discrete(2)
    )
    with pytest.raises(InvalidArgumentError, match="Box"):
        UncheckedBatch([mock])
