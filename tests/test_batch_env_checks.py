"""Batches of all kinds pass the checks of batches."""

import functools

import gymnasium as gym
import pytest
from gymnasium.vector import AutoresetMode

from rltools import BatchEnv
from rltools.checks import check_batch_env
from rltools.mocks import MockEnvironment
from rltools.wrappers import ExternalProcess, RayActor

pytestmark = pytest.mark.timeout(180)
MODES = ["disabled", "next_step", "same_step"]
# What does not depend on the mode is tried once in each place: spaces of all kinds, and
# constructors whose spaces differ.
FEWER = {"spaces": {}, "steps": 40, "exclude": ["V12"]}
make_pole = functools.partial(gym.make, "CartPole-v1")
make_mock = functools.partial(MockEnvironment, (3,), (2,), 2, 9)


def check(make_batch, make, *, exclude=(), **options):
    # A worker takes its time where all cores have other work.
    report = check_batch_env(make_batch, make, timeout=30, exclude=exclude, **options)
    assert not report.failed, str(report)
    # Indices are there in every mode: nothing is left to skip.
    assert [result.name for result in report.skipped] == [*exclude], str(report)
    assert not any(result.note for result in report.passed), str(report)


def here(constructors, **options):
    return BatchEnv([make() for make in constructors], **options)


def apart(constructors, **options):
    return BatchEnv([ExternalProcess(make) for make in constructors], **options)


def mixed(constructors, **options):
    """The first one in this process, the others elsewhere."""
    first, *others = constructors
    return BatchEnv([first(), *map(ExternalProcess, others)], **options)


@pytest.mark.parametrize("mode", [*MODES, AutoresetMode.NEXT_STEP])
def test_in_this_process(mode):
    check(functools.partial(here, autoreset=mode), make_pole)


def test_one_after_another():
    check(functools.partial(here, blocking=True), make_mock)


def test_without_copies():
    make_batch = functools.partial(here, copy=False, autoreset="next_step")
    report = check_batch_env(make_batch, make_mock, copies=False)
    assert not report.failed, str(report)
    assert [result.name for result in report.skipped] == ["V9"]
    report = check_batch_env(make_batch, make_mock)
    assert [result.name for result in report.failed] == ["V9"]


@pytest.mark.parametrize(
    ("workers", "mode", "options"),
    [
        (1, "disabled", {}),
        (2, "disabled", FEWER),
        (2, "same_step", FEWER),
    ],
)
def test_in_workers(workers, mode, options):
    make_batch = functools.partial(BatchEnv.launch, workers=workers, autoreset=mode)
    check(make_batch, make_pole, **options)


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        (functools.partial(apart, autoreset="disabled"), {}),
        (functools.partial(apart, autoreset="next_step", blocking=True), FEWER),
        (functools.partial(mixed, autoreset="same_step"), FEWER),
    ],
    ids=["apart", "one_after_another", "mixed"],
)
def test_in_processes(kind, options):
    check(kind, make_mock, num_envs=2, **options)


@pytest.mark.usefixtures("no_actor_left")
def test_in_an_actor():
    options = {"workers": 1, "cluster": "ray", "autoreset": "next_step"}
    check(functools.partial(BatchEnv.launch, **options), make_mock, **FEWER)


@pytest.mark.usefixtures("no_actor_left")
@pytest.mark.slow
def test_in_actors_of_their_own():
    def make_batch(constructors):
        return BatchEnv(map(RayActor, constructors), autoreset="same_step")

    # Several batches are alive at the same time, and the cluster has eight CPUs.
    check(make_batch, make_mock, num_envs=2, **FEWER)
