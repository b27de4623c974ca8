import copy
import pickle
import random

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import data_equivalence
from hypothesis import given, settings
from hypothesis import strategies as st

from rltools import strategies
from rltools.errors import (
    ClosedError,
    InvalidActionError,
    InvalidArgumentError,
    InvalidSpaceError,
    ResetNeededError,
)
from rltools.mocks import MockEnvironment
from rltools.space_checks import explain_mismatch


def _act(env):
    return np.zeros(env.action_space.shape, np.float32)


def _play(env, steps):
    """Observations, rewards and flags, with a reset wherever an episode has ended."""
    transcript = [env.reset()]
    for _ in range(steps):
        *values, info = env.step(_act(env))
        transcript.append((*values, info))
        if values[2]:
            transcript.append(env.reset())
    return transcript


def test_shapes_make_float32_boxes():
    env = MockEnvironment((2, 3), (4,))
    assert env.observation_space == gym.spaces.Box(-1, 1, (2, 3), np.float32)
    assert env.action_space == gym.spaces.Box(-1, 1, (4,), np.float32)


def test_values_obey_any_space(space):
    env = MockEnvironment(observation_space=space, action_space=space, seed=0)
    observ, info = env.reset()
    for _ in range(30):
        assert explain_mismatch(space, observ, "observ") is None
        assert space.contains(observ)
        assert info == {}
        observ, reward, terminated, truncated, info = env.step(space.sample())
        assert isinstance(reward, float)
        assert -1 <= reward < 1
        assert truncated is False
        if terminated:
            assert space.contains(observ)
            observ, info = env.reset()


# Gymnasium warns of its own samples of Box(shape=(), dtype=int64) in a sequence.
@pytest.mark.filterwarnings("ignore:.*Casting input x to numpy array")
@settings(deadline=None)
@given(space=strategies.spaces(), seed=st.integers(0, 99))
def test_observations_are_elements_of_their_space(space, seed):
    """Law: whatever the space, every observation is one of its elements."""
    env = MockEnvironment(observation_space=space, action_shape=(), seed=seed)
    for _ in range(3):
        assert explain_mismatch(space, env.reset()[0], "observ") is None
    terminated = False
    while not terminated:
        observ, _, terminated, *_ = env.step(_act(env))
        assert explain_mismatch(space, observ, "observ") is None


@pytest.mark.parametrize(
    "kind",
    [
        *(gym.spaces.Box, gym.spaces.Discrete, gym.spaces.MultiBinary),
        *(gym.spaces.MultiDiscrete, gym.spaces.Text, gym.spaces.Graph),
        *(gym.spaces.Dict, gym.spaces.Tuple, gym.spaces.Sequence, gym.spaces.OneOf),
    ],
)
@pytest.mark.filterwarnings("ignore:.*Casting input x to numpy array")
@settings(max_examples=10)
@given(st.data())
def test_any_kind_of_space_works_for_both(kind, data):
    """Law: observations are of their space, and any drawn action is taken."""
    nests = (gym.spaces.Dict, gym.spaces.Tuple, gym.spaces.Sequence, gym.spaces.OneOf)
    kinds = [gym.spaces.Box, kind] if kind in nests else [kind]
    drawn = strategies.spaces(kinds=kinds, max_depth=1)
    space = data.draw(drawn.filter(lambda space: type(space) is kind))
    env = MockEnvironment(
        observation_space=space, action_space=space, record_calls=True, seed=0
    )
    observ, _ = env.reset()
    assert explain_mismatch(space, observ, "observ") is None
    action = data.draw(strategies.elements(space))
    observ, *_ = env.step(action)
    assert explain_mismatch(space, observ, "observ") is None
    assert data_equivalence(env.calls[1].action, action, exact=True)
    assert data_equivalence(env.calls[1].observ, observ, exact=True)


def test_values_are_random():
    env = MockEnvironment((2,), (1,), 50, 50)
    observs = [env.reset()[0]]
    rewards = []
    for _ in range(50):
        observ, reward, *_ = env.step(_act(env))
        observs.append(observ)
        rewards.append(reward)
    assert len({tuple(observ) for observ in observs}) == 51
    assert len(set(rewards)) == 50


@given(st.integers(1, 5), st.integers(0, 4), st.integers(0, 100))
def test_episodes_end_after_their_drawn_duration(shortest, more, seed):
    """Law: the n-th episode has durations[n] steps, each within the bounds."""
    env = MockEnvironment((), (), shortest, shortest + more, seed=seed)
    for episode in range(5):
        env.reset()
        assert len(env.durations) == len(env.steps) == episode + 1
        assert shortest <= env.durations[-1] <= shortest + more
        for step in range(1, env.durations[-1] + 1):
            terminated = env.step(_act(env))[2]
            assert env.steps[-1] == step
            assert terminated is (step == env.durations[-1])
    assert env.steps == env.durations


def test_every_duration_is_drawn():
    env = MockEnvironment((), (), 2, 4, seed=0)
    for _ in range(100):
        env.reset()
    assert set(env.durations) == {2, 3, 4}


def test_reset_in_the_middle_leaves_fewer_steps_than_the_duration():
    env = MockEnvironment((), (), 3, 3)
    env.reset()
    env.step(_act(env))
    env.reset()
    assert env.steps == [1, 0]
    assert env.durations == [3, 3]


def test_instances_differ_without_a_seed():
    first, second = (MockEnvironment((3,), (1,)) for _ in range(2))
    assert not np.array_equal(first.reset()[0], second.reset()[0])
    shared = gym.spaces.Box(-1, 1, (3,))
    shared.seed(0)
    first, second = (
        MockEnvironment(observation_space=shared, action_shape=()) for _ in range(2)
    )
    assert not np.array_equal(first.reset()[0], second.reset()[0])


@pytest.mark.parametrize("restart", [False, True])
def test_a_seed_fixes_everything(restart):
    transcripts = []
    for _ in range(2):
        env = MockEnvironment((3,), (1,), 1, 4, seed=None if restart else 7)
        if restart:
            env.reset()
            env.step(_act(env))
            env.reset(seed=7)
            env.step(_act(env))
        transcripts.append(_play(env, 20))
    assert data_equivalence(*transcripts, exact=True)


def test_constructor_and_reset_take_the_same_seed():
    first = MockEnvironment((3,), (1,), seed=np.int64(7))
    second = MockEnvironment((3,), (1,), seed=1)
    assert np.array_equal(first.reset()[0], second.reset(seed=7)[0])


def test_reset_without_a_seed_goes_on_with_the_stream():
    env = MockEnvironment((3,), (1,))
    observs = [env.reset(seed=seed)[0] for seed in (5, None, 5, None)]
    assert np.array_equal(observs[0], observs[2])
    assert np.array_equal(observs[1], observs[3])
    assert not np.array_equal(observs[0], observs[1])


def test_different_seeds_differ():
    env = MockEnvironment((3,), (1,))
    assert not np.array_equal(env.reset(seed=1)[0], env.reset(seed=2)[0])


def test_no_foreign_randomness_is_touched(space):
    space = copy.deepcopy(space)
    space.seed(3)

    def states():
        stream = copy.deepcopy(space)
        return random.getstate(), np.random.get_state(), stream.sample()

    action = space.sample()
    before = states()
    env = MockEnvironment(observation_space=space, action_space=space)
    env.reset(seed=1)
    env.step(action)
    assert data_equivalence(before, states(), exact=True)
    assert env.observation_space is env.observation_space is space


def test_observations_share_no_memory_and_actions_are_left_alone():
    env = MockEnvironment((3,), (2,), 9, 9)
    held = env.reset()[0]
    copied = held.copy()
    action = np.full(2, 0.5, np.float32)
    observ = env.step(action)[0]
    assert not np.shares_memory(held, observ)
    assert np.array_equal(held, copied)
    assert np.array_equal(action, [0.5, 0.5])


@pytest.mark.parametrize(
    "duplicate", [copy.deepcopy, lambda env: pickle.loads(pickle.dumps(env))]
)
def test_copies_go_on_alike_and_apart(duplicate):
    env = MockEnvironment((3,), (1,), 1, 4)
    env.reset()
    twin = duplicate(env)
    assert data_equivalence(_play(env, 9), _play(twin, 9), exact=True)
    assert env.steps == twin.steps
    assert env.steps is not twin.steps


@pytest.mark.parametrize(
    ("action", "problem"),
    [
        (np.zeros(3, np.float32), r"expected shape \(2,\), got \(3,\)"),
        (np.zeros(2, np.float64), "expected dtype float32, got float64"),
        (np.float32([0, 2]), r"action\[1\]: expected a value from -1.0 to 1.0, got 2"),
        (np.float32([np.nan, 0]), r"action\[0\]"),
        ([0.0, 0.0], "expected an array"),
        (None, "expected an array"),
    ],
)
def test_a_bad_action_changes_nothing(action, problem):
    env = MockEnvironment((1,), (2,), 2, 2, seed=4)
    env.reset()
    twin = copy.deepcopy(env)
    with pytest.raises(InvalidActionError, match=problem):
        env.step(action)
    assert env.steps == [0]
    assert data_equivalence(env.step(_act(env)), twin.step(_act(twin)), exact=True)


def test_step_before_the_first_reset():
    env = MockEnvironment((1,), (1,))
    with pytest.raises(ResetNeededError, match="before the first reset"):
        env.step(_act(env))


def test_step_after_the_end():
    env = MockEnvironment((1,), (1,), 2, 2)
    for _ in range(2):
        env.reset()
        env.step(_act(env))
        env.step(_act(env))
    with pytest.raises(ResetNeededError, match=r"end of episode 1 \(2 steps\)"):
        env.step(_act(env))
    assert env.steps == [2, 2]


def test_closed():
    env = MockEnvironment((1,), (1,))
    env.reset()
    env.close()
    env.close()
    with pytest.raises(ClosedError, match="step"):
        env.step(_act(env))
    with pytest.raises(ClosedError, match="reset"):
        env.reset()


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({"observ_shape": None}, "either observ_shape or observation_space"),
        ({"action_shape": None}, "either action_shape or action_space"),
        ({"action_space": gym.spaces.Discrete(2)}, "either action_shape or action_sp"),
        (
            {"observation_space": gym.spaces.Discrete(2)},
            "either observ_shape or observation_space",
        ),
        ({"observ_shape": 3}, "observ_shape to be a tuple of integers, got 3"),
        ({"observ_shape": (2, 1.5)}, r"observ_shape\[1\] .* got 1.5"),
        ({"action_shape": (-1,)}, r"action_shape\[0\] .* at least 0, got -1"),
        ({"min_duration": 0}, "min_duration .* at least 1, got 0"),
        ({"min_duration": 4, "max_duration": 3}, "max_duration .* at least 4, got 3"),
        ({"max_duration": 2.5}, "max_duration .* got 2.5"),
        ({"seed": -1}, "seed .* at least 0, got -1"),
        ({"seed": "x"}, "seed .* got 'x'"),
        ({"ends": "either way"}, "ends to be one of 'terminated', .* got 'either way'"),
        ({"ends": None}, "ends to be one of"),
    ],
)
def test_bad_arguments(arguments, problem):
    with pytest.raises(InvalidArgumentError, match=problem):
        MockEnvironment(**{"observ_shape": (1,), "action_shape": (1,), **arguments})


@pytest.mark.parametrize("name", ["observation_space", "action_space"])
def test_spaces_must_be_spaces(name):
    arguments = {"observ_shape": (1,), "action_shape": (1,), name: "Box"}
    del arguments["observ_shape" if name == "observation_space" else "action_shape"]
    with pytest.raises(InvalidSpaceError, match=f"{name} .* got 'Box'"):
        MockEnvironment(**arguments)


@pytest.mark.parametrize("seed", [-1, 1.5])
def test_bad_reset_seed(seed):
    env = MockEnvironment((1,), (1,))
    with pytest.raises(InvalidArgumentError, match="seed"):
        env.reset(seed=seed)


@pytest.mark.parametrize("ends", ["terminated", "truncated"])
def test_the_way_to_end_can_be_chosen(ends):
    env = MockEnvironment((1,), (1,), 2, 2, ends=ends)
    for _ in range(5):
        env.reset()
        flags = [env.step(_act(env))[2:4] for _ in range(2)]
        assert flags == [(False, False), (ends == "terminated", ends == "truncated")]
        with pytest.raises(ResetNeededError):
            env.step(_act(env))


def test_episodes_can_end_either_way():
    env = MockEnvironment((1,), (1,), 1, 1, ends="either", seed=0)
    flags = []
    for _ in range(200):
        env.reset()
        flags.append(env.step(_act(env))[2:4])
    assert set(flags) == {(True, False), (False, True)}
    assert 70 < flags.count((True, False)) < 130


def test_the_way_to_end_does_not_change_the_rest():
    first, second = (
        MockEnvironment((3,), (1,), 1, 5, seed=3, ends=ends)
        for ends in ("terminated", "truncated")
    )
    for _ in range(5):
        assert np.array_equal(first.reset()[0], second.reset()[0])
        assert np.array_equal(first.step(_act(first))[0], second.step(_act(second))[0])
    assert first.durations == second.durations


def test_records_every_call_as_copies_on_request():
    env = MockEnvironment((2,), (1,), 2, 2, ends="truncated", record_calls=True)
    options, action = {"a": [1]}, np.full(1, 0.5, np.float32)
    first, _ = env.reset(seed=np.int64(4), options=options)
    with pytest.raises(InvalidActionError):
        env.step(None)
    steps = [env.step(action), env.step(action)]
    env.reset()
    env.close()
    kept = [first.copy(), steps[0][0].copy()]
    for value in (first, action, steps[0][0]):
        value[...] = 1
    options["a"].append(2)
    calls = env.calls
    assert [call.method for call in calls] == [
        "reset",
        "step",
        "step",
        "reset",
        "close",
    ]
    reset, step, last, again, close = calls
    assert (reset.seed, reset.options) == (4, {"a": [1]})
    assert (again.seed, again.options) == (None, None)
    assert np.array_equal(reset.observ, kept[0])
    assert np.array_equal(step.observ, kept[1])
    assert np.array_equal(step.action, [0.5])
    assert [call.reward for call in (step, last)] == [each[1] for each in steps]
    assert (step.terminated, step.truncated) == (False, False)
    assert (last.terminated, last.truncated) == (False, True)
    assert reset.action is reset.reward is step.options is close.observ is None
    with pytest.raises(AttributeError):
        reset.seed = 3


def test_calls_that_are_not_recorded_are_an_error():
    env = MockEnvironment((1,), (1,))
    with pytest.raises(AttributeError, match="record_calls=True"):
        _ = env.calls
