"""Doubles keep the contract of environments, until they are given faults."""

import gymnasium as gym
import numpy as np
import pytest

from rltools.checks import check_env
from rltools.mocks import (
    CountingEnvironment,
    Episode,
    Faulty,
    IdentityEnvironment,
    MockEnvironment,
    ScriptedEnvironment,
    Transition,
    faults,
    probes,
)

BOX = gym.spaces.Box(-1, 1, (2,), np.float32)


def make_mock():
    return MockEnvironment((2,), (2,), 3, 3)


def make_scripted():
    observ = np.zeros(2, np.float32)
    steps = [Transition(observ, 1.0), Transition(observ, terminated=True)]
    spaces = {"observation_space": BOX, "action_space": BOX}
    return ScriptedEnvironment([Episode(observ, steps)], repeat=True, **spaces)


def check(make, **options):
    return check_env(make, steps=20, processes=False, raises_after_end=True, **options)


@pytest.mark.parametrize(
    "make",
    [
        make_mock,
        lambda: MockEnvironment((2,), (2,), ends="either", record_calls=True),
        lambda: CountingEnvironment(3),
        lambda: IdentityEnvironment(gym.spaces.Discrete(3), delay=1),
        lambda: IdentityEnvironment(BOX),
        lambda: Faulty(make_mock()),
        lambda: Faulty(make_mock(), faults.Slow(seconds=1e-6)),
    ],
)
def test_doubles_keep_the_contract(make):
    check(make).raise_on_failure()


@pytest.mark.parametrize("continuous", [False, True])
@pytest.mark.parametrize("probe", probes.PROBES, ids=lambda kind: kind.__name__)
def test_probes_keep_the_contract(probe, continuous):
    is_random = len(probe().values(0)) > 1 and probe is not probes.TwoStepDiscount
    report = check(lambda: probe(continuous=continuous), seed_matters=is_random)
    report.raise_on_failure()


def test_scripts_keep_the_contract():
    check(make_scripted, seed_matters=False).raise_on_failure()


@pytest.mark.parametrize(
    ("fault", "law"),
    [
        (faults.Raise(at_step=2), "T1"),
        (faults.NotANumber(at_step=2), "T2"),
        (faults.NotANumber(at="end"), "T2"),
        (faults.NotANumber(at="reset"), "R2"),
        (faults.OutOfBounds(at_step=2), "T2"),
        (faults.WrongDtype(at_step=2), "T2"),
        (faults.WrongShape(at_step=2), "T2"),
        (faults.ReusedBuffer(at_step=2), "T8"),
    ],
    ids=repr,
)
def test_a_fault_breaks_just_the_law_it_is_meant_to_break(fault, law):
    report = check(lambda: Faulty(make_mock(), fault))
    assert [result.name for result in report.failed] == [law]
