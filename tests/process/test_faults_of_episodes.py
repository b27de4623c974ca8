"""Episodes of environments here and elsewhere: what is kept, what follows their end.

Every test here runs for environments of this process and of others.
"""

import sys
from itertools import pairwise

import cloudpickle
import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces

from rltools.errors import ResetNeededError

cloudpickle.register_pickle_by_value(sys.modules[__name__])
pytestmark = pytest.mark.timeout(60)


class Counting(gym.Env):
    """Observes (number, episode, step), all in one buffer that it uses again."""

    observation_space = spaces.Box(0, 1000, (3,), np.int32)
    action_space = spaces.Discrete(10)

    def __init__(self, number=0, duration=2):
        self.number = number
        self.duration = duration
        self.episode = -1
        self.all_steps = 0
        self.buffer = np.zeros(3, np.int32)
        self.info = {"where": self.buffer}

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.episode += 1
        self.time = 0
        return self._observe(), self.info

    def step(self, action):
        self.all_steps += 1
        self.time += 1
        ended = self.time == self.duration
        return self._observe(), 1.0, ended, False, self.info

    def _observe(self):
        self.buffer[:] = self.number, self.episode, self.time
        return self.buffer


def rows(observ):
    """Observations as (episode, step) of each environment, such as "01 10"."""
    return " ".join(f"{episode}{time}" for _, episode, time in observ.tolist())


def play(batch, steps):
    return [batch.step(np.zeros(len(batch), np.int64)) for _ in range(steps)]


# 25. The caller keeps what it was given.


def test_fault_25_a_batch_that_is_kept_does_not_change(make_batch):
    batch = make_batch(lambda: Counting(0, 9), lambda: Counting(1, 9))
    kept = [batch.reset(), *play(batch, 4)]
    assert [rows(result[0]) for result in kept] == [
        *("00 00", "01 01", "02 02", "03 03", "04 04")
    ]
    assert [result[-1]["where"][1].tolist() for result in kept] == [
        [1, 0, step] for step in range(5)
    ]
    assert not any(np.shares_memory(a[0], b[0]) for a, b in pairwise(kept))
    for earlier, later in pairwise(kept[1:]):
        for one, other in zip(earlier[1:4], later[1:4], strict=True):
            assert not np.shares_memory(one, other)


def test_fault_25_caller_may_write_to_what_it_was_given(make_batch):
    batch = make_batch(lambda: Counting(0, 9), lambda: Counting(1, 9))
    observ, _ = batch.reset()
    observ[:] = 77
    part, _ = batch.reset(indices=[1])
    part[:] = 77
    observ, reward, *_ = play(batch, 1)[0]
    assert rows(observ) == "01 11"
    reward[:] = 77
    assert play(batch, 1)[0][1].tolist() == [1, 1]


def test_fault_25_terminal_observation_is_kept_though_the_buffer_moves(make_batch):
    batch = make_batch(
        lambda: Counting(0, 2), lambda: Counting(1, 9), autoreset="same_step"
    )
    batch.reset()
    # Step:       1      2      3
    # Observe: 01 01  10 02  11 03
    # Final:          02
    results = play(batch, 3)
    assert [rows(result[0]) for result in results] == ["01 01", "10 02", "11 03"]
    infos = results[1][4]
    assert infos["final_obs"][0].tolist() == [0, 0, 2]
    assert infos["final_obs"][1] is None
    assert infos["final_info"]["where"][0].tolist() == [0, 0, 2]


def test_fault_25_environments_that_share_a_buffer_are_told_apart(request, make_batch):
    place = request.node.callspec.params["make_batch"]
    if place in ("here", "launched here", "one worker"):
        reason = "those of one loop are all called before any observation is taken"
        request.applymarker(pytest.mark.xfail(strict=True, reason=reason))
    shared = {}

    class Shares(Counting):
        """All that are in one process have one buffer, as a module's would be."""

        def __init__(self, number):
            super().__init__(number, duration=2 + number)
            self.buffer = shared.setdefault("buffer", self.buffer)
            self.info = {}

    batch = make_batch(lambda: Shares(0), lambda: Shares(1), autoreset="same_step")
    assert batch.reset()[0].tolist() == [[0, 0, 0], [1, 0, 0]]
    # Step:       1      2
    # Observe: 01 01  10 02
    # Final:          02
    results = play(batch, 2)
    assert results[0][0].tolist() == [[0, 0, 1], [1, 0, 1]]
    assert results[1][0].tolist() == [[0, 1, 0], [1, 0, 2]]
    assert results[1][4]["final_obs"][0].tolist() == [0, 0, 2]


# 29. What follows the end of an episode.

# Durations are 2 and 3 steps; every column is a step.
TABLES = {
    #             1        2        3        4        5
    "next_step": {
        "observ": ["01 01", "02 02", "10 03", "11 10", "12 11"],
        "done": ["", "0", "1", "", "0"],
        "final": [{}, {}, {}, {}, {}],
        "reward": [[1, 1], [1, 1], [0, 1], [1, 0], [1, 1]],
        "steps": (4, 4),
        "episodes": (1, 1),
    },
    "same_step": {
        "observ": ["01 01", "10 02", "11 10", "20 11", "21 12"],
        "done": ["", "0", "1", "0", ""],
        "final": [{}, {0: "02"}, {1: "03"}, {0: "12"}, {}],
        "reward": [[1, 1]] * 5,
        "steps": (5, 5),
        "episodes": (2, 1),
    },
}


@pytest.mark.parametrize("mode", TABLES)
def test_fault_29_autoreset_keeps_last_and_first_observation(make_batch, mode):
    batch = make_batch(lambda: Counting(0, 2), lambda: Counting(1, 3), autoreset=mode)
    batch.reset()
    results = play(batch, 5)
    expected = TABLES[mode]
    assert [rows(result[0]) for result in results] == expected["observ"]
    dones = ["".join(map(str, np.flatnonzero(result[2]))) for result in results]
    assert dones == expected["done"]
    assert [result[1].tolist() for result in results] == expected["reward"]
    assert [finals(result[4]) for result in results] == expected["final"]
    # No step that the caller has not asked for, and no reset.
    assert batch.get_attr("all_steps") == expected["steps"]
    assert batch.get_attr("episode") == expected["episodes"]


def finals(info):
    observs = info.get("final_obs", [])
    return {i: rows(each[None]) for i, each in enumerate(observs) if each is not None}


def test_fault_29_without_autoreset_the_caller_resets(make_batch):
    batch = make_batch(lambda: Counting(0, 2), lambda: Counting(1, 3))
    batch.reset()
    assert rows(play(batch, 2)[1][0]) == "02 02"
    observ, _ = batch.reset(options={"reset_mask": np.array([True, False])})
    assert rows(observ) == "10 02"
    assert rows(play(batch, 1)[0][0]) == "11 03"
    assert batch.get_attr("all_steps") == (3, 3)


# 30. Steps and resets out of turn.


def test_fault_30_steps_and_resets_out_of_turn(make_batch):
    batch = make_batch(lambda: Counting(0, 2), lambda: Counting(1, 3))
    with pytest.raises(ResetNeededError, match=r"\[0, 1\]"):
        play(batch, 1)
    batch.reset(indices=[1])
    with pytest.raises(ResetNeededError, match=r"\[0\]"):
        play(batch, 1)
    batch.reset(indices=[0])
    play(batch, 2)
    with pytest.raises(ResetNeededError, match=r"\[0\].*has ended"):
        play(batch, 1)
    assert batch.get_attr("all_steps") == (2, 2), "Nothing has moved."
    # In the middle of its episode, the other one begins a new one.
    assert rows(batch.reset()[0]) == "10 10"
    assert rows(play(batch, 1)[0][0]) == "11 11"
    assert rows(batch.reset(indices=[1])[0]) == "20"
    assert rows(play(batch, 1)[0][0]) == "12 21"


@pytest.mark.parametrize("mode", TABLES)
def test_fault_30_step_before_the_first_reset(make_batch, mode):
    batch = make_batch(Counting, autoreset=mode)
    with pytest.raises(ResetNeededError, match=r"\[0\]"):
        play(batch, 1)
    batch.reset()
    play(batch, 3)
    # A reset in the middle of an episode.
    episode = batch.get_attr("episode")[0]
    assert rows(batch.reset()[0]) == f"{episode + 1}0"
    assert rows(play(batch, 1)[0][0]) == f"{episode + 1}1"


# 31. Every environment has random numbers of its own.


class Draws(gym.Env):
    """Observes random numbers."""

    observation_space = spaces.Box(0, 1, (2,), np.float64)
    action_space = spaces.Discrete(2)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return self.np_random.random(2), {}

    def step(self, action):
        return self.np_random.random(2), 0.0, False, False, {}


def streams(batch, **options):
    results = [batch.reset(**options)[0], *[result[0] for result in play(batch, 3)]]
    results.append(batch.reset()[0])  # Without a seed the streams go on.
    return [row.tobytes() for row in np.stack(results, 1)]


def test_fault_31_as_many_streams_as_environments(make_batch):
    first, permuted, unseeded = (
        streams(make_batch(*[Draws] * 3), **options)
        for options in ({"seed": 7}, {"seed": [9, 7, 8]}, {})
    )
    assert len({*first, *unseeded}) == 6
    # Reproducible, and a seed is its environment's, whichever that is.
    assert [permuted[1], permuted[2], permuted[0]] == first
