"""`check_algorithm` finds each mistake, and finds none where there is none."""

import functools
import itertools
import re
import subprocess
import sys

import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces

from rltools import mocks
from rltools.checks import check_algorithm
from rltools.errors import CheckFailedError, InvalidArgumentError, InvalidOptionError
from rltools.mocks import LinearActorCritic, broken
from rltools.mocks.broken.algorithm_loops import OwnLoop

GAMMA = 0.7  # That of `LinearActorCritic`.
NAMES = [
    *("A1", "A2", "A3", "A4", "A5-constant", "A5-observation", "A5-discount"),
    *("A5-truncation", "A5-action", "A5-observation-action"),
]
PROBES = NAMES[4:]

check = functools.partial(check_algorithm, gamma=GAMMA, probe_steps=800)
check_quickly = functools.partial(check, exclude=PROBES)


def names(results):
    return [result.name for result in results]


@pytest.mark.parametrize("continuous", [False, True])
@pytest.mark.parametrize("kind", [LinearActorCritic, OwnLoop])
def test_sound_algorithms_pass_all(kind, continuous):
    report = check(kind, continuous=continuous)
    assert names(report.passed) == NAMES, str(report)
    assert not any(result.note for result in report)


@pytest.mark.parametrize("kind", broken.ALGORITHMS, ids=lambda kind: kind.__name__)
def test_broken_algorithms_trip_exactly_their_checks(kind):
    report = check(kind)
    assert set(names(report.failed)) == kind.trips, str(report)
    assert report.subject == kind.__name__


def test_every_check_is_tripped_by_some_algorithm():
    assert set().union(*(kind.trips for kind in broken.ALGORITHMS)) == set(NAMES)


def test_failure_names_the_suspect_and_the_values():
    [failed] = check(broken.algorithm_learning.IgnoresDiscount).failed
    [violation] = failed.violations
    expected = r"value of the observation 0: expected 0.7 within 0.1, got (1|0.99\d*)"
    assert re.fullmatch(expected, violation)
    assert failed.note == f"Look at {mocks.probes.TwoStepDiscount.suspect}."


def test_what_needs_a_failed_check_is_skipped_unless_that_is_excluded():
    kind = broken.algorithm_acting.CountsInEvaluation
    assert names(check(kind).skipped) == ["A3", *PROBES]
    report = check(kind, exclude=["A4"])
    assert names(report.skipped) == ["A4"]
    assert not report.failed


def test_raises_on_failure():
    with pytest.raises(CheckFailedError, match=r"step 1 of environment \d+: action"):
        check(broken.algorithm_loops.SendsWrongActions).raise_on_failure()


class Offers:
    """Only those methods of an actor-critic that are named."""

    def __init__(self, envs, *methods):
        self._algorithm = LinearActorCritic(envs)
        for method in methods:
            setattr(self, method, getattr(self._algorithm, method))


VERBS = ("begin_episode", "perform", "experience", "end_episode")


@pytest.mark.parametrize(
    ("methods", "skipped"),
    [
        (VERBS, {"A3", "A4", *PROBES}),
        ((*VERBS, "weights"), {"A3", "A4", *PROBES}),
        ((*VERBS, "value"), {"A3", "A4"}),
        ((*VERBS, "evaluation"), {"A4", *PROBES[:4]}),
        ((*VERBS, "evaluation", "value"), {"A4"}),
        (("evaluation", "value", "weights"), {"A1", "A4", *PROBES}),
    ],
)
def test_what_an_algorithm_lacks_is_skipped_with_the_reason(methods, skipped):
    report = check(lambda envs: Offers(envs, *methods))
    assert set(names(report.skipped)) == skipped, str(report)
    assert not report.failed
    assert all(
        result.note.startswith(("it has", "weights()")) for result in report.skipped
    )


def test_what_depends_on_the_discount_is_skipped_without_one():
    report = check(LinearActorCritic, gamma=None)
    assert names(report.skipped) == ["A5-discount", "A5-truncation"]
    assert "say gamma" in report["A5-discount"].note


def test_values_that_are_infinite_are_skipped():
    make = functools.partial(LinearActorCritic, gamma=1.0)
    report = check(make, gamma=1)
    assert names(report.skipped) == ["A5-truncation"]
    assert "below 1" in report["A5-truncation"].note
    assert "would go unnoticed" in report["A5-discount"].note


class Answers:
    """Has learnt already, but for an error of its values and actions."""

    def __init__(self, envs, value, action, error):
        self._action, self._value = action + error, value + error

    def train(self, steps):
        pass

    def value(self, observ):
        return self._value

    def act(self, observ):
        return np.array([self._action], np.float32)


@pytest.mark.parametrize(
    ("name", "value", "reach"),
    [("A5-constant", 1.0, 0.1), ("A5-truncation", 1 / (1 - GAMMA), 0.1 / (1 - GAMMA))],
)
@pytest.mark.parametrize("sign", [-1, 1])
def test_values_may_be_wrong_by_the_tolerance(name, value, reach, sign):
    others = [other for other in NAMES if other != name]
    for part, passes in {0.98: True, 1.02: False}.items():
        make = functools.partial(
            Answers, value=value, action=0, error=sign * part * reach
        )
        report = check(make, exclude=others, continuous=True, tolerance=0.1)
        assert names(report.passed) == [name] * passes, str(report)


@pytest.mark.parametrize("error", [-0.19, 0.19, -0.21, 0.21])
def test_actions_may_be_wrong_by_their_tolerance(error):
    others = [other for other in NAMES if other != "A5-action"]
    make = functools.partial(Answers, value=1, action=0.5, error=error)
    report = check(make, exclude=others, continuous=True, tolerance=0.5)
    assert bool(report.passed) == (abs(error) < 0.2)
    for failed in report.failed:
        assert "for the observation 0: expected [0.5] within 0.2, got" in failed.reason


def test_discrete_actions_have_no_tolerance():
    report = check(broken.algorithm_loops.LearnsNoActions, action_tolerance=1.5)
    assert names(report.failed) == ["A5-action"]


@pytest.mark.parametrize(("error", "failed"), [(1e-6, []), (1e-2, ["A3"])])
def test_rounding_is_no_leak(error, failed):
    class DependsOnBatchSize(LinearActorCritic):
        def perform(self, indices, observ):
            action = super().perform(indices, observ) * 0.9
            return (action + error * len(indices)).astype(np.float32)

    report = check_quickly(DependsOnBatchSize, continuous=True)
    assert names(report.failed) == failed


def test_steps_after_the_end_are_told():
    [failed] = check_quickly(broken.algorithm_loops.StepsOnAfterTruncation).failed
    for line in failed.violations:
        assert re.fullmatch(
            r"training, step \d+ of environment \d: expected a reset before it, as no "
            "episode runs",
            line,
        )


class RandomEvaluation(LinearActorCritic):
    def perform(self, indices, observ):
        return self._policy.sample(
            self._features(observ, self._traces[indices]), self._generator
        )


def test_random_evaluation_must_be_declared():
    [failed] = check_quickly(RandomEvaluation).failed
    assert failed.name == "A3"
    assert "deterministic=False" in failed.reason
    report = check_quickly(RandomEvaluation, deterministic=False)
    assert report["A3"].outcome == "skipped"
    assert not report.failed


class AlwaysTheSame(LinearActorCritic):
    def perform(self, indices, observ):
        return np.zeros(len(indices), np.int64)


def test_what_could_not_show_is_skipped():
    assert "no leak could show" in check_quickly(AlwaysTheSame)["A3"].note

    class NeverChanges(LinearActorCritic):
        def weights(self):
            return {"critic": np.zeros(3)}

    report = check_quickly(NeverChanges)
    assert report["A4"].outcome == "skipped"
    assert "weights() are as they were" in report["A4"].note


SPACES = [
    spaces.Discrete(3, start=-1),
    spaces.Box(-2, 2, (2, 3), np.float64),
    spaces.MultiDiscrete([2, 3], start=[1, -1]),
    spaces.MultiBinary(4),
    spaces.Dict(a=spaces.Discrete(2), b=spaces.Tuple([spaces.Box(0, 1, ())])),
    spaces.Text(5),
    spaces.Tuple([spaces.Text(3), spaces.Sequence(spaces.Discrete(3))]),
]


@pytest.mark.parametrize("space", SPACES, ids=lambda space: type(space).__name__)
def test_actions_of_any_space_are_fine(space):
    make_env = functools.partial(
        mocks.MockEnvironment, observation_space=space, action_space=space
    )
    report = check_quickly(mocks.MockAlgorithm, make_env=make_env, steps=60)
    assert names(report.passed) == ["A1", "A2"], str(report)


@pytest.mark.parametrize("space", SPACES, ids=lambda space: type(space).__name__)
def test_batches_of_wrong_size_are_found_in_any_space(space):
    class ActsForOneMore(mocks.MockAlgorithm):
        def perform(self, indices, observ):
            actions = super().perform(indices, observ)
            if self._action_space == space:
                extended = [space.sample() for _ in range(len(indices) + 1)]
                empty = gym.vector.utils.create_empty_array(space, len(extended))
                return gym.vector.utils.concatenate(space, extended, empty)
            return actions

    make_env = functools.partial(
        mocks.MockEnvironment, observation_space=space, action_space=space
    )
    report = check_quickly(ActsForOneMore, make_env=make_env, steps=60)
    assert names(report.failed) == ["A1"], str(report)
    assert "expected" in report["A1"].reason


def make_wrong(change):
    class Wrong(mocks.MockAlgorithm):
        def perform(self, indices, observ):
            return change(super().perform(indices, observ))

    return Wrong


DICT = spaces.Dict(a=spaces.Discrete(2), b=spaces.Tuple([spaces.Box(0, 1, ())]))


@pytest.mark.parametrize(
    ("change", "name", "reason"),
    [
        (lambda action: action["a"], "A1", r"action: expected a dict with the keys"),
        (lambda action: {"a": action["a"]}, "A1", r"expected a dict .*, got \['a'\]"),
        (
            lambda action: action | {"b": action["b"][0]},
            "A1",
            r"\['b'\]: .* a tuple of 1",
        ),
        (
            lambda action: action | {"b": action["b"] * 2},
            "A1",
            r"\['b'\]: .* a tuple of",
        ),
        (
            lambda action: action | {"b": (action["b"][0].astype(np.float64),)},
            "A1",
            r"\['b'\]\[0\]: expected array of shape \(3,\) and dtype float32",
        ),
        (
            lambda action: action | {"a": action["a"] - 1},
            "A2",
            r"perform\(\[0, 1, 2\]\): action of \d\['a'\]: expected an integer from 0",
        ),
    ],
)
def test_problems_tell_where_they_are(change, name, reason):
    make_env = functools.partial(mocks.MockEnvironment, (1,), action_space=DICT)
    [failed] = check_quickly(make_wrong(change), make_env=make_env, steps=60).failed
    assert failed.name == name
    assert re.search(reason, failed.violations[0])


def asked_subsets(**options):
    made = []

    def make(envs):
        made.append(mocks.MockAlgorithm(envs, seed=0))
        return made[-1]

    report = check_quickly(make, **options)
    assert not report.failed, str(report)
    asked = [call.indices for call in made[0].calls if call.verb == "perform"]
    # No environment gets ahead of the others.
    assert len(set(np.bincount(np.concatenate(asked)))) == 1
    return report, {tuple(sorted(indices.tolist())) for indices in asked}


@pytest.mark.parametrize("num_envs", [3, 4])
def test_all_subsets_are_asked_for(num_envs):
    expected = {
        subset
        for size in range(num_envs + 1)
        for subset in itertools.combinations(range(num_envs), size)
    }
    assert asked_subsets(num_envs=num_envs, steps=60)[1] == expected


def test_many_environments_are_asked_for_some_subsets():
    _, subsets = asked_subsets(num_envs=10, steps=50)
    assert {0, 1, 9, 10} <= {len(subset) for subset in subsets}


def test_subsets_can_be_left_out():
    report, subsets = asked_subsets(subsets=False)
    assert subsets == {(0, 1, 2)}
    assert "subsets=False" in report["A2"].note
    assert not check_quickly(
        broken.algorithm_acting.KnowsNoSubsets, subsets=False
    ).failed


def test_evaluations_are_looked_at_without_subsets():
    kind = broken.algorithm_acting.EvaluatesOutOfSpace
    assert names(check_quickly(kind, subsets=False).failed) == ["A2"]


def test_one_environment_is_enough():
    report = check_quickly(LinearActorCritic, num_envs=1)
    assert names(report.passed) == ["A1", "A2", "A3", "A4"]
    assert "num_envs=1" in report["A3"].note
    kind = broken.algorithm_acting.KeepsMemory
    assert names(check_quickly(kind, num_envs=1).failed) == ["A3"]


@pytest.mark.parametrize("index", range(1, 6))
def test_every_index_is_compared_of_some(index):
    class IsOdd(LinearActorCritic):
        def perform(self, indices, observ):
            signs = np.where(indices == index, -1, 1)[:, None]
            return super().perform(indices, observ * signs)

    failed = check_quickly(IsOdd, num_envs=6, steps=600).failed
    # Of the indices between only some are.
    assert names(failed) == ([] if index == 4 else ["A3"])


class Tensor:
    """What tensors of a framework are to us."""

    def __init__(self, array):
        self.array = array

    def numpy(self):
        return self.array


class WithTensors(LinearActorCritic):
    def perform(self, indices, observ):
        return Tensor(super().perform(indices, observ))

    def value(self, observ):
        return Tensor(np.array([super().value(observ)]))

    def weights(self):
        return [Tensor(array) for array in super().weights().values()]

    def summary(self):
        return {"entropy": Tensor(np.array(1.0)), "steps": 3}


def test_tensors_count_as_their_arrays():
    report = check(WithTensors)
    assert names(report.passed) == NAMES, str(report)


def test_weights_are_kept_as_they_were():
    class ShowsItsOwn(broken.algorithm_acting.LearnsInEvaluation):
        def weights(self):
            return [self._critic]

    assert names(check_quickly(ShowsItsOwn).failed) == ["A4"]


@pytest.mark.parametrize(
    ("summary", "reason"),
    [
        (None, "expected a dict, got None"),
        ({1: 2.0}, "expected str as keys, got 1"),
        ({"entropy": "high"}, "'entropy'\\]: expected numbers, got 'high'"),
    ],
)
def test_summary_is_looked_at(summary, reason):
    class Summarizes(LinearActorCritic):
        def summary(self):
            return summary

    with pytest.raises(CheckFailedError, match=reason):
        check_quickly(Summarizes).raise_on_failure()


@pytest.mark.parametrize("value", [np.nan, "1", np.zeros(2), None])
def test_wrong_kinds_of_values_are_found(value):
    class Values(LinearActorCritic):
        def value(self, observ):
            return value

    report = check(Values)
    assert names(report.failed) == ["A5-constant"]


class TurnActions(gym.ActionWrapper):
    def action(self, action):
        return 1 - action


class TurnObservations(gym.ObservationWrapper):
    def observation(self, observ):
        return -observ


def test_probes_are_judged_behind_the_wrappers():
    """By the actions that reach them, and the values of what the algorithm sees."""
    report = check(
        LinearActorCritic, wrap=lambda env: TurnActions(TurnObservations(env))
    )
    assert names(report.passed) == NAMES, str(report)


def test_environments_are_closed():
    made = []

    class Env(mocks.MockEnvironment):
        def __init__(self):
            super().__init__((1,), action_space=spaces.Discrete(2))
            made.append(self)

    check_quickly(LinearActorCritic, make_env=Env)
    assert len(made) > 3
    assert all(env._closed for env in made)


def test_same_seeds_give_the_same_report():
    first, second = (str(check(broken.algorithm_acting.KeepsMemory)) for _ in range(2))
    assert first == second


def make_nothing(envs):
    return object()


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((None,), {}, "make_algorithm to be callable"),
        ((make_nothing,), {}, "at least one of the four verbs"),
        ((LinearActorCritic,), {"make_env": 1}, "make_env to be callable"),
        ((LinearActorCritic,), {"make_env": object}, "to return a gymnasium.Env"),
        ((LinearActorCritic,), {"wrap": 1}, "wrap to be callable"),
        ((LinearActorCritic,), {"num_envs": 0}, "num_envs .* at least 1"),
        ((LinearActorCritic,), {"seed": -1}, "seed .* at least 0"),
        ((LinearActorCritic,), {"steps": 0}, "steps .* at least 1"),
        ((LinearActorCritic,), {"probe_steps": 0}, "probe_steps .* at least 1"),
        ((LinearActorCritic,), {"gamma": 1.1}, "gamma: expected a number from 0 to 1"),
        ((LinearActorCritic,), {"gamma": True}, "gamma: expected a number from 0 to 1"),
        ((LinearActorCritic,), {"tolerance": 0}, "tolerance .* positive"),
        (
            (LinearActorCritic,),
            {"action_tolerance": -1},
            "action_tolerance .* positive",
        ),
    ],
)
def test_wrong_arguments_raise(arguments, options, message):
    with pytest.raises(InvalidArgumentError, match=message):
        check_algorithm(*arguments, **options)


def test_unknown_exclusions_raise():
    with pytest.raises(InvalidOptionError, match="A5"):
        check_algorithm(LinearActorCritic, exclude=["A5"])


def test_needs_no_tensorflow():
    code = (
        "import sys; from rltools import checks, mocks; "
        "checks.check_algorithm(mocks.LinearActorCritic, probe_steps=1); "
        "assert 'tensorflow' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
