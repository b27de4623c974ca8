"""When a fault fires, and which options make no sense."""

import copy
import pickle
import signal

import pytest

from rltools.errors import InvalidArgumentError
from rltools.mocks import faults
from rltools.mocks.faults import Firing

CONSTRUCTOR = ("constructor", None, None)
RESETS = [("reset", episode, 0) for episode in range(2)]
STEPS = [("step", episode, step) for episode in range(2) for step in (1, 2)]
ENDS = [("end", episode, 2) for episode in range(2)]
PLACES = [CONSTRUCTOR, *RESETS, *STEPS, *ENDS]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, [*RESETS, *STEPS]),
        ({"at": "constructor"}, [CONSTRUCTOR]),
        ({"at": "reset"}, RESETS),
        ({"at": "step"}, STEPS),
        ({"at": "end"}, ENDS),
        ({"at_step": 2}, [("step", 0, 2), ("step", 1, 2)]),
        ({"at_step": 3}, []),
        ({"at_step": 2, "episode": 1}, [("step", 1, 2)]),
        ({"at": "reset", "episode": 0}, [("reset", 0, 0)]),
        ({"at": "end", "episode": 1}, [("end", 1, 2)]),
        ({"episode": 1}, [("reset", 1, 0), ("step", 1, 1), ("step", 1, 2)]),
        ({"probability": 0.0}, [*RESETS, *STEPS]),
    ],
)
def test_places(options, expected):
    fault = faults.Raise(**options)
    assert [place for place in PLACES if fault.is_at(*place)] == expected


@pytest.mark.parametrize(
    ("kind", "options", "problem"),
    [
        (faults.Raise, {"at": "stop"}, "Raise: expected at to be one of 'constructor'"),
        (faults.Raise, {"at": 3}, "got 3"),
        (faults.NotANumber, {"at": "constructor"}, "one of 'reset', 'step', 'end'"),
        (faults.Unpicklable, {"at": "constructor"}, "one of 'reset', 'step', 'end'"),
        (faults.Raise, {"at_step": 0}, "at_step .* at least 1, got 0"),
        (faults.Raise, {"at_step": 1.5}, "at_step"),
        (faults.Raise, {"at": "step", "at_step": 1}, "at_step to be None with at='ste"),
        (faults.Raise, {"episode": -1}, "episode .* at least 0, got -1"),
        (faults.Raise, {"at": "constructor", "episode": 0}, "episode to be None"),
        (faults.Raise, {"probability": 1.1}, "probability .* from 0 to 1, got 1.1"),
        (faults.Raise, {"probability": -0.1}, "probability"),
        (faults.Raise, {"probability": float("nan")}, "probability"),
        (faults.Raise, {"probability": True}, "probability"),
        (faults.Raise, {"probability": "1"}, "probability"),
        (faults.Raise, {"once": True}, "once to be a path, got True"),
        (faults.Raise, {"error": "oh"}, "error to be callable, got 'oh'"),
        (faults.Exit, {"code": -1}, "code .* at least 0"),
        (faults.Exit, {"code": 256}, "Exit: expected code to be at most 255, got 256"),
        (faults.Signal, {"number": 0}, "number to be the number of a signal, got 0"),
        (faults.Signal, {"number": "SIGKILL"}, "number"),
        (faults.Slow, {"seconds": 0}, "seconds to be a positive number"),
        (faults.NotANumber, {"choice": -1}, "choice .* at least 0"),
    ],
)
def test_bad_options(kind, options, problem):
    with pytest.raises(InvalidArgumentError, match=problem):
        kind(**options)


def test_unknown_options_and_positions_are_refused():
    with pytest.raises(TypeError, match="at_steps"):
        faults.Raise(at_steps=3)
    with pytest.raises(TypeError):
        faults.Raise(3)


def test_faults_are_values():
    fault = faults.Slow(seconds=2.0, at_step=3)
    assert repr(fault) == "Slow(at_step=3, seconds=2.0)"
    assert eval(repr(fault), vars(faults)) == fault != faults.Slow(at_step=3)
    assert hash(fault) == hash(faults.Slow(seconds=2.0, at_step=3))
    assert pickle.loads(pickle.dumps(fault)) == copy.deepcopy(fault) == fault
    with pytest.raises(AttributeError):
        fault.at_step = 4


def test_defaults():
    assert faults.Signal().number == signal.SIGKILL
    assert faults.Exit().code == 1


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        (("reset", 1, 0), {"at": "reset", "episode": 1}),
        (("end", 0, 2), {"at": "end", "episode": 0}),
        (("step", 1, 2), {"at_step": 2, "episode": 1}),
        (CONSTRUCTOR, {"at": "constructor"}),
    ],
)
def test_pinned_faults_fire_at_one_place(place, expected):
    fault = faults.Exit(code=7, probability=0.1, once="path")
    pinned = fault.pinned(Firing(fault, *place, 5))
    assert pinned == faults.Exit(code=7, **expected)
    assert [each for each in PLACES if pinned.is_at(*each)] == [place]


def test_pinned_corruptions_repeat_their_choice():
    fault = faults.NotANumber(probability=0.1)
    pinned = fault.pinned(Firing(fault, "step", 0, 2, 77))
    assert pinned == faults.NotANumber(at_step=2, episode=0, choice=77)
    assert pinned.pinned(Firing(pinned, "step", 0, 2, 5)) == pinned


def test_firings_tell_where():
    fault = faults.Raise(at_step=2)
    assert str(Firing(fault, "step", 1, 2, 0)) == (
        "Raise(at_step=2) in episode 1, at step 2"
    )
    fault = faults.Raise(at="constructor")
    assert str(Firing(fault, *CONSTRUCTOR, 0)) == (
        "Raise(at='constructor') in the constructor"
    )
