import copy

import gymnasium as gym
import numpy as np
import pytest

from rltools.errors import (
    CallOrderError,
    InvalidActionError,
    InvalidArgumentError,
    InvalidObservationError,
    InvalidResultError,
    InvalidSpaceError,
    ScriptEndedError,
)
from rltools.mocks import MockAlgorithm, MockEnvironment

COUNT = 4
ALL = np.arange(COUNT, dtype=np.int32)


def _observ(count=COUNT):
    return np.zeros((count, 2), np.float32)


def _envs(count=COUNT, **spaces):
    spaces = spaces or {"observ_shape": (2,), "action_shape": (3,)}
    return [MockEnvironment(**spaces) for _ in range(count)]


def _results(indices=ALL, **changes):
    """Arguments of an experience in which no episode ends."""
    count = len(indices)
    return {
        "indices": indices,
        "observ": _observ(count),
        "action": np.zeros((count, 3), np.float32),
        "reward": np.zeros(count, np.float32),
        "terminated": np.zeros(count, bool),
        "truncated": np.zeros(count, bool),
        "next_observ": _observ(count),
        **changes,
    }


@pytest.fixture
def algo():
    algo = MockAlgorithm(_envs(), seed=0)
    algo.begin_episode(ALL)
    return algo


def test_plays_real_environments_of_every_space(space):
    envs = _envs(3, observation_space=space, action_space=space)
    batched = gym.vector.utils.batch_space(space, 3)
    algo = MockAlgorithm(envs)
    indices = np.arange(3)
    observs = [env.reset()[0] for env in envs]
    algo.begin_episode(indices)
    for _ in range(5):
        observ = _stack(space, observs)
        actions = algo.perform(indices, observ)
        assert batched.contains(actions)
        separate = gym.vector.utils.iterate(batched, actions)
        steps = [env.step(action) for env, action in zip(envs, separate, strict=True)]
        observs, rewards, terminated, truncated, _ = zip(*steps, strict=True)
        next_observ = _stack(space, observs)
        terminated, truncated = np.array(terminated), np.array(truncated)
        rewards = np.array(rewards)
        algo.experience(
            indices, observ, actions, rewards, terminated, truncated, next_observ
        )
        done = indices[terminated]
        algo.end_episode(done)
        observs = list(observs)
        for index in done:
            observs[index] = envs[index].reset()[0]
        algo.begin_episode(done)


def _stack(space, values):
    out = gym.vector.utils.create_empty_array(space, len(values))
    return gym.vector.utils.concatenate(space, values, out)


def test_takes_a_vector_environment():
    batch = gym.vector.SyncVectorEnv([lambda: MockEnvironment((2,), (3,))] * COUNT)
    algo = MockAlgorithm(batch)
    algo.begin_episode(ALL)
    assert batch.action_space.contains(algo.perform(ALL, batch.reset()[0]))


def test_actions_are_random_and_seeded():
    actions = []
    for seed in (1, 1, 2, None, None):
        algo = MockAlgorithm(_envs(), seed=seed)
        algo.begin_episode(ALL)
        actions.append(algo.perform(ALL, _observ()))
    assert len({tuple(row) for row in actions[0]}) == COUNT
    assert np.array_equal(actions[0], actions[1])
    assert not np.array_equal(actions[1], actions[2])
    assert not np.array_equal(actions[3], actions[4])


def test_the_environments_generators_are_left_alone():
    envs = _envs()
    envs[0].action_space.seed(5)
    expected = copy.deepcopy(envs[0].action_space).sample()
    algo = MockAlgorithm(envs)
    algo.begin_episode(ALL)
    algo.perform(ALL, _observ())
    assert np.array_equal(envs[0].action_space.sample(), expected)


def test_subsets_and_nothing_at_all(algo):
    some = np.array([2, 0], np.int32)
    assert algo.perform(some, _observ(2)).shape == (2, 3)
    algo.experience(**_results(some))
    nothing = np.zeros(0, np.int32)
    algo.begin_episode(nothing)
    assert algo.perform(nothing, _observ(0)).shape == (0, 3)
    algo.experience(**_results(nothing))
    algo.end_episode(nothing)


def test_records_every_call_as_copies(algo):
    observ = _observ()
    actions = algo.perform(ALL, observ)
    results = _results(action=actions, terminated=np.array([1, 0, 1, 0], bool))
    algo.experience(**results)
    ended = np.array([0, 2], np.int32)
    algo.end_episode(ended)
    kept = copy.deepcopy(results)
    for value in (observ, ended, *results.values()):
        if value is not ALL:
            value[...] = 1
    begin, perform, experience, end = algo.calls
    assert [call.verb for call in algo.calls] == [
        "begin_episode",
        "perform",
        "experience",
        "end_episode",
    ]
    assert np.array_equal(begin.indices, ALL)
    assert np.array_equal(end.indices, [0, 2])
    assert np.array_equal(perform.observ, _observ())
    assert np.array_equal(perform.action, kept["action"])
    for name, value in kept.items():
        assert np.array_equal(getattr(experience, name), value), name
    assert begin.observ is begin.action is perform.reward is end.terminated is None


def test_records_are_frozen(algo):
    with pytest.raises(AttributeError):
        algo.calls[0].verb = "perform"


# Env 0 must wait for what `expected` says after these calls.
ORDERS = [
    ("", "perform", "begin_episode"),
    ("", "experience", "begin_episode"),
    ("", "end_episode", "begin_episode"),
    ("begin", "experience", "perform"),
    ("begin", "end_episode", "perform"),
    ("begin perform", "perform", "experience"),
    ("begin perform", "end_episode", "experience"),
    ("begin perform experience", "experience", "perform"),
    ("begin perform experience", "end_episode", "perform"),
    ("begin perform terminate", "perform", "end_episode"),
    ("begin perform truncate", "perform", "end_episode"),
    ("begin perform truncate end", "perform", "begin_episode"),
    ("begin perform truncate end", "end_episode", "begin_episode"),
    ("begin perform begin", "experience", "perform"),
]


@pytest.mark.parametrize(("before", "verb", "expected"), ORDERS)
def test_order_of_the_verbs(before, verb, expected):
    algo = MockAlgorithm(_envs())
    one = np.array([1], np.int32)
    calls = {
        "begin": lambda: algo.begin_episode(one),
        "perform": lambda: algo.perform(one, _observ(1)),
        "experience": lambda: algo.experience(**_results(one)),
        "terminate": lambda: algo.experience(
            **_results(one, terminated=np.array([True]))
        ),
        "truncate": lambda: algo.experience(
            **_results(one, truncated=np.array([True]))
        ),
        "end_episode": lambda: algo.end_episode(one),
    }
    calls["end"] = calls["end_episode"]
    for call in before.split():
        calls[call]()
    recorded = len(algo.calls)
    message = f"expected {expected} for environment 1 as the next call, got {verb}"
    with pytest.raises(CallOrderError, match=message):
        calls[verb]()
    assert len(algo.calls) == recorded


@pytest.mark.parametrize(
    "indices",
    [[4], [-1], [0, 0], [0.0], [True], [[0]], 0, None],
    ids=repr,
)
def test_bad_indices(algo, indices):
    with pytest.raises(InvalidArgumentError, match="distinct integers from 0 to 3"):
        algo.begin_episode(indices)


@pytest.mark.parametrize(
    "observ",
    [
        _observ(3),
        np.zeros((COUNT, 2), np.float64),
        np.full((COUNT, 2), np.nan, np.float32),
        None,
    ],
)
def test_bad_observations(algo, observ):
    with pytest.raises(InvalidObservationError, match="observ"):
        algo.perform(ALL, observ)
    algo.perform(ALL, _observ())
    for name in ("observ", "next_observ"):
        with pytest.raises(InvalidObservationError, match=f"^{name}"):
            algo.experience(**_results(**{name: observ}))


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("action", np.full((COUNT, 3), 2, np.float32), InvalidActionError),
        ("action", np.zeros((1, 3), np.float32), InvalidActionError),
        ("reward", np.zeros((COUNT, 1), np.float32), InvalidResultError),
        ("reward", np.zeros(COUNT, np.int64), InvalidResultError),
        ("reward", [0.0] * COUNT, InvalidResultError),
        ("terminated", np.zeros(COUNT, np.float32), InvalidResultError),
        ("terminated", np.zeros(1, bool), InvalidResultError),
        ("truncated", np.zeros(COUNT, np.uint8), InvalidResultError),
        ("truncated", np.bool_(False), InvalidResultError),
    ],
)
def test_bad_results_are_named_and_leave_no_trace(algo, name, value, error):
    algo.perform(ALL, _observ())
    with pytest.raises(error, match=f"^{name}"):
        algo.experience(**_results(**{name: value}))
    assert [call.verb for call in algo.calls] == ["begin_episode", "perform"]
    algo.experience(**_results())


@pytest.mark.parametrize(
    "envs", [[], None, MockEnvironment((2,), (3,))], ids=["empty", "none", "one"]
)
def test_bad_environments(envs):
    with pytest.raises(InvalidArgumentError, match="envs"):
        MockAlgorithm(envs)


def test_environments_with_different_spaces():
    envs = [*_envs(1), MockEnvironment((2,), (4,))]
    with pytest.raises(InvalidSpaceError, match=r"envs\[1\].action_space"):
        MockAlgorithm(envs)


def test_bad_seed():
    with pytest.raises(InvalidArgumentError, match="seed"):
        MockAlgorithm(_envs(), seed=-1)


def _begun(**options):
    algo = MockAlgorithm(_envs(), **options)
    algo.begin_episode(ALL)
    return algo


def _actions(number, count=COUNT):
    return np.full((count, 3), number, np.float32)


def test_a_script_is_played_one_batch_for_each_call():
    script = [_actions(0.1), _actions(0.2, 2), _actions(0.3)]
    algo = _begun(actions=script)
    script[0][...] = 1
    some, nothing = np.array([3, 1]), np.zeros(0, np.int32)
    first = algo.perform(ALL, _observ())
    assert np.array_equal(first, _actions(0.1))
    first[...] = 1
    algo.experience(**_results())
    assert len(algo.perform(nothing, _observ(0))) == 0
    assert np.array_equal(algo.perform(some, _observ(2)), _actions(0.2, 2))
    algo.experience(**_results(some))
    assert np.array_equal(algo.perform(ALL, _observ()), _actions(0.3))
    algo.experience(**_results())
    with pytest.raises(ScriptEndedError, match="only 3 batches"):
        algo.perform(ALL, _observ())
    assert np.array_equal(algo.calls[1].action, _actions(0.1))
    # The call that failed has left no trace.
    with pytest.raises(CallOrderError, match="expected perform"):
        algo.experience(**_results())


def test_a_script_can_be_an_array():
    envs = [
        MockEnvironment((2,), action_space=gym.spaces.Discrete(3)) for _ in range(2)
    ]
    algo = MockAlgorithm(envs, actions=np.array([[0, 1], [2, 0]]))
    both = np.arange(2)
    algo.begin_episode(both)
    assert algo.perform(both, _observ(2)).tolist() == [0, 1]


def test_a_function_is_given_indices_and_observations():
    given = []
    buffer = _actions(0.5, 2)

    def choose(indices, observ):
        given.append((indices, observ))
        return buffer

    algo = _begun(actions=choose)
    some = np.array([2, 0])
    actions = algo.perform(some, _observ(2))
    assert np.array_equal(actions, buffer)
    assert not np.shares_memory(actions, buffer)
    assert np.array_equal(given[0][0], some)
    assert np.array_equal(given[0][1], _observ(2))


@pytest.mark.parametrize(
    ("actions", "problem"),
    [
        ([_actions(2)], r"actions\[0\]\[0, 0\]: expected a value from -1.0 to 1.0"),
        ([_actions(0, 3)], r"actions\[0\]: expected shape \(4, 3\), got \(3, 3\)"),
        (lambda indices, observ: None, r"actions\(...\): expected an array"),
    ],
)
def test_scripted_actions_must_be_of_the_space(actions, problem):
    algo = _begun(actions=actions)
    with pytest.raises(InvalidActionError, match=problem):
        algo.perform(ALL, _observ())
    assert [call.verb for call in algo.calls] == ["begin_episode"]


@pytest.mark.parametrize("actions", [3, "ab", {1: 2}], ids=repr)
def test_bad_scripts(actions):
    with pytest.raises(InvalidArgumentError, match="actions to be a sequence"):
        MockAlgorithm(_envs(), actions=actions)
