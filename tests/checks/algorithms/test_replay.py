"""Recorded episodes are shown by legal calls, and their actions are told apart."""

import itertools

import numpy as np
import pytest
from gymnasium import spaces

from rltools import mocks
from rltools.checks.algorithms.replay import Replay, Surrounding, record_episodes
from rltools.errors import InvalidActionError

SPACE = spaces.Box(-1, 1, (1,), np.float32)


def make_env():
    return mocks.MockEnvironment((1,), (1,), min_duration=2, max_duration=6)


def record(count=6, max_steps=4):
    return record_episodes(make_env(), count=count, max_steps=max_steps, seed=1)


class Echo(mocks.MockAlgorithm):
    """Its actions are what it observes."""

    def perform(self, indices, observ):
        super().perform(indices, observ)
        return observ

    def experience(self, indices, observ, action, *rest):
        np.testing.assert_array_equal(observ, action)
        super().experience(indices, observ, action, *rest)


def test_recorded_episodes_go_on_from_observation_to_observation():
    episodes = record()
    lengths = [len(episode) for episode in episodes]
    assert len(set(lengths)) > 1
    assert max(lengths) == 4
    assert any(not episode[-1].ended for episode in episodes)
    assert any(episode[-1].ended for episode in episodes)
    for episode in episodes:
        assert not any(step.ended for step in episode[:-1])
        for before, after in itertools.pairwise(episode):
            np.testing.assert_array_equal(before.next_observ, after.observ)
    again = record()
    assert str(again) == str(episodes)


def test_actions_are_those_of_the_last_episode_of_the_line():
    first, second, third, *_ = record()
    algo = Echo([make_env() for _ in range(3)], seed=0)
    lines = {2: [first, second], 0: [third]}
    actions = Replay(algo, SPACE, SPACE).show(Surrounding("", lines, 2))
    np.testing.assert_array_equal(actions, [step.observ for step in second])
    begun = [
        call.indices.tolist() for call in algo.calls if call.verb == "begin_episode"
    ]
    assert begun[0] == [2, 0]
    assert sum(2 in indices for indices in begun) == 2
    ended = [call.indices.tolist() for call in algo.calls if call.verb == "end_episode"]
    assert sum(2 in indices for indices in ended) == sum(
        episode[-1].ended for episode in (first, second)
    )


def test_lines_begin_again_when_they_are_over():
    episodes = sorted(record(), key=len)
    short, long = episodes[0], episodes[-1]
    algo = Echo([make_env() for _ in range(2)], seed=0)
    lines = {0: [long, long, long], 1: [short]}
    Replay(algo, SPACE, SPACE).show(Surrounding("", lines, 0))
    rows = np.array(
        [call.observ[1, 0] for call in algo.calls if call.verb == "perform"]
    )
    expected = [step.observ[0] for step in short]
    np.testing.assert_array_equal(rows, np.resize(expected, 3 * len(long)))


def test_actions_of_wrong_shape_are_errors():
    class Flat(Echo):
        def perform(self, indices, observ):
            return super().perform(indices, observ)[:, 0]

    algo = Flat([make_env()], seed=0)
    with pytest.raises(InvalidActionError, match=r"shape \(1, 1\)"):
        Replay(algo, SPACE, SPACE).show(Surrounding("", {0: record()[:1]}, 0))
