"""Probes: their values are exact, by Bellman's equation and by playing them."""

import copy
import pickle

import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from hypothesis import given
from hypothesis import strategies as st

from rltools.errors import (
    ClosedError,
    InvalidActionError,
    InvalidArgumentError,
    InvalidObservationError,
    ResetNeededError,
)
from rltools.mocks.probes import (
    PROBES,
    ActionDependent,
    ConstantReward,
    ObservationAndAction,
    ObservationDependent,
    ProbeEnvironment,
    Truncation,
    TwoStepDiscount,
)

GAMMA = 0.75
VALUES = {
    ConstantReward: {0.0: 1.0},
    ObservationDependent: {-1.0: -1.0, 1.0: 1.0},
    TwoStepDiscount: {0.0: 0.75, 1.0: 1.0},
    Truncation: {0.0: 4.0},
    ActionDependent: {0.0: 1.0},
    ObservationAndAction: {-1.0: 1.0, 1.0: 1.0},
}
BEST = {
    ActionDependent: {0.0: 1},
    ObservationAndAction: {-1.0: 0, 1.0: 1},
}

every_probe = pytest.mark.parametrize("probe", PROBES, ids=lambda kind: kind.__name__)


both_actions = pytest.mark.parametrize(
    "continuous", [False, True], ids=["discrete", "continuous"]
)


def play(env, episodes, choose):
    """Transitions (observ, action, reward, next_observ, terminated, truncated)."""
    transitions = []
    for episode in range(episodes):
        observ, info = env.reset(seed=3 if episode == 0 else None)
        assert info == {}
        done = False
        while not done:
            action = choose(observ)
            following, reward, terminated, truncated, info = env.step(action)
            assert info == {}
            transition = (observ, action, reward, following, terminated, truncated)
            transitions.append(transition)
            observ, done = following, terminated or truncated
    return transitions


def test_the_table_is_complete():
    assert set(VALUES) == set(PROBES)
    assert all(issubclass(probe, ProbeEnvironment) for probe in PROBES)
    assert len({probe.suspect for probe in PROBES}) == len(PROBES)


@every_probe
@both_actions
def test_values_are_those_of_the_table(probe, continuous):
    env = probe(continuous=continuous)
    assert env.values(GAMMA) == VALUES[probe]
    for number in VALUES[probe]:
        best = env.best_action(np.array([number], np.float32))
        if probe not in BEST:
            assert best is None
        elif continuous:
            assert env.action_space.contains(best)
            assert best == (BEST[probe][number] - 0.5)
        else:
            assert best == BEST[probe][number]


@every_probe
@both_actions
@given(gamma=st.floats(0, 0.99), seed=st.integers(0, 99))
def test_values_obey_bellmans_equation(probe, continuous, gamma, seed):
    """Law: Q(o, a) = r + gamma V(o'), V(o') = 0 after a termination; V = max Q."""
    env = probe(continuous=continuous)
    env.action_space.seed(seed)
    values = env.values(gamma)
    actions = {number: [] for number in values}

    def choose(observ):
        action = env.action_space.sample()
        actions[float(observ[0])].append(action)
        return action

    for observ, action, reward, following, terminated, _ in play(env, 5, choose):
        rest = 0.0 if terminated else values[float(following[0])]
        expected = reward + gamma * rest
        assert env.action_value(observ, action, gamma) == pytest.approx(expected)
    for number, value in values.items():
        observ = np.array([number], np.float32)
        best = env.best_action(observ)
        if best is not None:
            assert env.action_value(observ, best, gamma) == pytest.approx(value)
        for action in actions[number]:
            assert env.action_value(observ, action, gamma) <= value + 1e-9
            if best is not None and action != best:
                assert env.action_value(observ, action, gamma) < value


@pytest.mark.parametrize(
    ("continuous", "action", "reward"),
    [
        (False, 1, 1.0),
        (False, 0, -1.0),
        (True, [0.5], 1.0),
        (True, [0.0], 0.75),
        (True, [1.0], 0.75),
        (True, [-1.0], -1.25),
    ],
)
def test_rewards_of_actions(continuous, action, reward):
    action = np.float32(action) if continuous else action
    env = ActionDependent(continuous=continuous)
    observ, _ = env.reset()
    assert env.step(action)[1] == reward
    assert env.action_value(observ, action, GAMMA) == reward
    # The other way round where the observation is -1.
    mirrored = -action if continuous else 1 - action
    env = ObservationAndAction(continuous=continuous)
    for number, same in ((1.0, action), (-1.0, mirrored)):
        while env.reset()[0] != number:
            pass
        assert env.step(same)[1] == reward
        observ = np.array([number], np.float32)
        assert env.action_value(observ, same, GAMMA) == reward


@every_probe
def test_values_of_actions_need_a_discount(probe):
    with pytest.raises(InvalidArgumentError, match="gamma"):
        probe().action_value(np.float32([max(VALUES[probe])]), 1, -1)


@every_probe
@both_actions
def test_the_best_actions_earn_the_values(probe, continuous):
    """Law: V is the discounted return of the best actions, where episodes terminate."""
    env = probe(continuous=continuous)
    space = env.action_space
    space.seed(0)

    def choose(observ):
        best = env.best_action(observ)
        return space.sample() if best is None else best

    transitions = play(env, 40, choose)
    seen = set()
    following_return = 0.0
    for observ, _, reward, following, terminated, truncated in reversed(transitions):
        if terminated:
            following_return = 0.0
        elif truncated:
            following_return = env.values(GAMMA)[float(following[0])]
        following_return = reward + GAMMA * following_return
        assert following_return == pytest.approx(env.values(GAMMA)[float(observ[0])])
        seen.add(float(observ[0]))
    assert seen == set(env.values(GAMMA))


@every_probe
def test_episodes_are_no_longer_than_said(probe):
    env = probe()
    ends = [terminated or truncated for *_, terminated, truncated in play(env, 9, _one)]
    lengths = np.diff(np.flatnonzero([True, *ends]))
    assert set(lengths) == {env.max_duration}


def _one(observ):
    return 1


@every_probe
@both_actions
@pytest.mark.filterwarnings("ignore")
def test_gymnasium_finds_no_fault(probe, continuous):
    check_env(probe(continuous=continuous), skip_render_check=True)


@pytest.mark.parametrize("probe", [ObservationDependent, ObservationAndAction])
def test_both_observations_come_equally_often_and_by_the_seed(probe):
    env = probe()
    first = [env.reset(seed=5 if i == 0 else None)[0].item() for i in range(400)]
    again = [env.reset(seed=5 if i == 0 else None)[0].item() for i in range(400)]
    assert first == again
    assert 160 < first.count(1.0) == 400 - first.count(-1.0) < 240


@every_probe
@both_actions
def test_is_strict(probe, continuous):
    env = probe(continuous=continuous)
    action = env.action_space.sample()
    with pytest.raises(ResetNeededError, match="before the first reset"):
        env.step(action)
    env.reset()
    with pytest.raises(InvalidActionError, match="action"):
        env.step(np.float32([1.5]) if continuous else 2)
    for _ in range(env.max_duration):
        env.step(action)
    with pytest.raises(ResetNeededError, match=f"episode 0 .{env.max_duration} steps"):
        env.step(action)
    env.close()
    with pytest.raises(ClosedError):
        env.reset()


@every_probe
def test_observations_are_new_objects_and_copies_go_on_alike(probe):
    env = probe()
    held, _ = env.reset(seed=1)
    for twin in (copy.deepcopy(env), pickle.loads(pickle.dumps(env))):
        observ = env.step(1)[0] if env is twin else twin.step(1)[0]
        assert not np.shares_memory(held, observ)
    assert env.step(1)[0].tolist() == observ.tolist()


def test_truncation_is_never_a_termination():
    env = Truncation(duration=3)
    flags = [transition[-2:] for transition in play(env, 2, _one)]
    # Step:             1               2               3
    assert flags == [(False, False), (False, False), (False, True)] * 2


def test_truncation_reveals_no_time():
    observs = {
        tuple(o) for o, *_, n, _, _ in play(Truncation(), 3, _one) for o in (o, n)
    }
    assert observs == {(0.0,)}


@every_probe
@pytest.mark.parametrize("gamma", [-0.1, 1.1, np.nan, "0.9", None], ids=repr)
def test_bad_discounts(probe, gamma):
    with pytest.raises(InvalidArgumentError, match="expected gamma to be a number"):
        probe().values(gamma)


def test_discounts_of_one():
    assert TwoStepDiscount().values(1) == {0.0: 1.0, 1.0: 1.0}
    with pytest.raises(InvalidArgumentError, match="below 1, got 1"):
        Truncation().values(1)


@pytest.mark.parametrize("duration", [0, 1.5, None])
def test_bad_durations(duration):
    with pytest.raises(InvalidArgumentError, match="duration"):
        Truncation(duration=duration)


@every_probe
@pytest.mark.parametrize(
    "observ",
    [np.float32([0.5]), np.float32([0, 0]), np.float64([0]), 0.0, None],
    ids=repr,
)
def test_observations_that_do_not_occur(probe, observ):
    env = probe()
    for ask in (env.best_action, lambda o: env.action_value(o, 1, GAMMA)):
        with pytest.raises(InvalidObservationError, match="with one of the numbers"):
            ask(observ)
