"""Workers have their places in one block, side by side."""

import numpy as np
import pytest
from gymnasium import spaces
from hypothesis import given
from hypothesis import strategies as st

from rltools.errors import ClosedError
from rltools.process.fleet import Fleet
from rltools.process.signals import Signals, size_of_signals

OBSERVATIONS = spaces.Dict(a=spaces.Box(-1, 1, (2, 3)), b=spaces.Discrete(4))
ACTIONS = spaces.MultiDiscrete([2, 3])


def fields(columns):
    return [
        *columns.observs.leaves(),
        *columns.actions.leaves(),
        columns.resets,
        columns.rewards,
        columns.terminated,
        columns.truncated,
    ]


@given(st.lists(st.integers(1, 4), min_size=1, max_size=5), st.integers(0, 3))
def test_rows_of_workers_are_those_of_the_fleet_in_order(counts, here):
    """Equals a model: what each worker writes in its rows, joined, and the parent."""
    fleet = Fleet(OBSERVATIONS, ACTIONS, counts, here)
    parts = [berth.columns for berth in fleet.berths]
    parts += [fleet.columns_here] if here else []
    for number, columns in enumerate(parts, start=1):
        for array in fields(columns):
            array[...] = number % 2 if array.dtype == np.bool_ else number
    written = np.repeat(np.arange(1, len(parts) + 1), [*counts, here][: len(parts)])
    for columns in (fleet.all_columns, fleet.columns):
        expected = written[: len(columns.rewards)]
        for array in fields(columns):
            first = array.reshape(len(expected), -1)[:, 0]
            wanted = expected % 2 if array.dtype == np.bool_ else expected
            np.testing.assert_array_equal(first, wanted)
    assert len(fleet.columns.rewards) == sum(counts)
    assert len(fleet.all_columns.rewards) == sum(counts) + here
    for berth in fleet.berths:
        berth.leave()
    for kind in ("columns", "columns_here", "all_columns"):
        with pytest.raises(ClosedError):
            getattr(fleet, kind)


def test_the_last_worker_to_leave_gives_the_memory_back():
    fleet = Fleet(OBSERVATIONS, ACTIONS, [1, 2])
    first, last = fleet.berths
    first.leave()
    first.leave()
    assert last.columns is not None
    assert fleet.block.fileno() >= 0
    last.leave()
    assert first.columns is last.columns is fleet.signals is None
    with pytest.raises(ClosedError):
        fleet.block.fileno()


@given(st.integers(1, 40))
def test_no_two_words_are_in_one_place(workers):
    memory = bytearray(size_of_signals(workers))
    signals = Signals(memory, workers)
    arrays = signals.mail, signals.replies, signals.reports, signals.asleep
    everything = [*arrays, signals.busy]
    for number, array in enumerate(everything, start=1):
        for worker in range(workers):
            array[worker] = number * 1000 + worker
    for number, array in enumerate(everything, start=1):
        assert array.tolist() == [number * 1000 + i for i in range(workers)]
    assert not any(signals.words[place] for place in (0, 8, 16))


def test_the_next_life_is_awake_and_what_the_last_one_did_stays():
    fleet = Fleet(OBSERVATIONS, ACTIONS, [1, 1])
    signals = fleet.signals
    if signals is None:
        pytest.skip("processors of this kind are not trusted with it")
    for array in (signals.replies, signals.reports, signals.asleep):
        array[0] = array[1] = 7
    fleet.berths[0].begin(sent=3)
    assert signals.asleep.tolist() == [0, 7]
    assert signals.replies.tolist() == signals.reports.tolist() == [7, 7]
    assert signals.mail[0] == 3
    for berth in fleet.berths:
        berth.leave()
